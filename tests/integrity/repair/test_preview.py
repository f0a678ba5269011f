"""What is shown of a row's values to somebody who hasn't said why they need them."""

import pytest

from integrity.repair.preview import masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ada@example.com", "a… (15)"),
        ("", ""),
        (7, "7"),
        (True, "True"),
        (None, "None"),
        (["ada@example.com", "eve@example.com"], "… (2)"),
        ({"email": "ada@example.com"}, "… (1)"),
    ],
)
def test_no_text_is_shown_whole_whatever_holds_it(value, shown):
    assert masked(value) == shown
