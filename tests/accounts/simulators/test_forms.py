import pytest

from accounts.simulators.forms import nested


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a[b][c]", "1"), ("a[b][d]", "2")], {"a": {"b": {"c": "1", "d": "2"}}}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[0][b]", "1"), ("a[1][b]", "2")], {"a": [{"b": "1"}, {"b": "2"}]}),
        ([("a", "1"), ("a[b]", "2")], {"a": "1"}),
        ([], {}),
    ],
)
def test_brackets_become_objects_and_lists(pairs, wanted):
    assert nested(pairs) == wanted
