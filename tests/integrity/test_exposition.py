"""The text that a monitor reads, and the reader that the other tests believe."""

import pytest

from integrity.exposition import Sample, counter, gauge, summary
from tests.exposition import parse


def test_a_family_is_its_help_its_type_and_its_samples():
    family = summary("a_seconds", "H.", [Sample({}, 0.25, "_sum"), Sample({}, 2, "_count")])
    assert (
        str(family)
        == "# HELP a_seconds H.\n# TYPE a_seconds summary\na_seconds_sum 0.25\na_seconds_count 2\n"
    )


def test_what_would_end_a_value_is_escaped():
    text = str(gauge("a", 'one\ntwo \\ "three"', [Sample({"l": 'x"y\\z\n', "m": ""}, 1)]))
    assert text.splitlines() == [
        r'# HELP a one\ntwo \\ "three"',
        "# TYPE a gauge",
        r'a{l="x\"y\\z\n",m=""} 1',
    ]
    parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12345678901234567, "12345678901234568"),
        (1e-7, "1e-07"),
        (-2.5, "-2.5"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers(value, text):
    family = str(gauge("a", "H.", [Sample({}, value)]))
    assert family.endswith(f"a {text}\n")
    parse(family)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a 1\n",
        "# TYPE a gauge\n# HELP a H.\na 1\n",
        "# HELP a H.\n# TYPE b gauge\nb 1\n",
        "# HELP a H.\n# TYPE a gauge\na 1",
        "# HELP a H.\n# TYPE a gauge\na 1\n\n",
        "# HELP a H.\n# TYPE a gauge\na one\n",
        "# HELP a H.\n# TYPE a gauge\nb 1\n",
        "# HELP a H.\n# TYPE a gauge\na_sum 1\n",
        '# HELP a H.\n# TYPE a gauge\na{l="x"y"} 1\n',
        '# HELP a H.\n# TYPE a gauge\na{l="x",l="y"} 1\n',
        '# HELP a H.\n# TYPE a gauge\na{l="x"} 1\na{l="x"} 2\n',
        "# HELP a H.\n# TYPE a counter\na 1\n",
        "# HELP a_total H.\n# TYPE a_total counter\na_total -1\n",
        "# HELP a H.\n# TYPE a summary\na_sum 1\n",
    ],
)
def test_the_reader_refuses_what_is_not_the_format(text):
    with pytest.raises(ValueError):  # noqa: PT011 - of many texts
        parse(text)


def test_the_reader_takes_what_is():
    text = str(counter("a_total", "H.", [Sample({"l": "x"}, 1), Sample({"l": "y"}, 2)]))
    assert parse(text)["a_total"].values == {("x",): 1, ("y",): 2}
