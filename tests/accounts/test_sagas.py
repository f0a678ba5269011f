"""What is declared, and what the page for operators says of it."""

import re
from pathlib import Path

import pytest

from accounts.leaving.deletion import KIND
from integrity.saga.definition import Pivot, newest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "leaving.md"
VENDORS = ("STRIPE_API_KEY", "RESEND_CONTACTS_KEY", "SUPABASE_URL", "SUPABASE_SERVICE_KEY")
REMOTE = {
    "STRIPE_API_KEY": {"pause_billing", "end_billing"},
    "RESEND_CONTACTS_KEY": {"mute_contact", "delete_contact"},
    "SUPABASE_URL": {"ban_identity", "delete_identity"},
}


def wanted():
    return {step.name for step in newest(KIND).steps if step.wanted()}


def test_the_page_tells_how_each_step_is_taken_back():
    told = re.findall(r"^\| \[`(\w+)`\]", PAGE.read_text(), re.MULTILINE)

    assert told == [step.name for step in newest(KIND).steps]


@pytest.mark.parametrize("vendor", REMOTE)
def test_a_vendor_that_is_not_configured_has_no_step(settings, vendor):
    for name in VENDORS:
        setattr(settings, name, "a key")
    everything = wanted()

    setattr(settings, vendor, "")

    assert everything - wanted() == REMOTE[vendor]


def test_what_can_be_taken_back_comes_before_the_seal():
    steps = newest(KIND).steps
    names = [step.name for step in steps]
    (seal,) = [step for step in steps if isinstance(step, Pivot)]

    after = names[names.index(seal.name) + 1 :]
    assert after[:4] == ["end_billing", "delete_contact", "delete_identity", "delete_local"]
    assert not any(getattr(step, "undo", None) for step in steps if step.name in after)
