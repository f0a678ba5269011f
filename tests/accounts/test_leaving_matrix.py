"""Each step of a deletion meets each kind of failure, and every account ends whole: gone everywhere, as
before everywhere, or sealed and waiting for a person. The vendors' own ledgers say so."""

import pytest

from accounts.simulators.faults import Fault
from tests.accounts.leaving_story import (
    assert_gone,
    begin,
    known_everywhere,
    run_to_the_end,
)

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = {
    "pause_billing": ("stripe", "POST", "/v1/subscriptions/"),
    "mute_contact": ("resend", "PATCH", "/contacts/"),
    "ban_identity": ("supabase", "PUT", "/admin/users/"),
}
AFTER = {
    "end_billing": ("stripe", "DELETE", "/v1/subscriptions/"),
    "end_billing, the customer": ("stripe", "DELETE", "/v1/customers/"),
    "delete_contact": ("resend", "DELETE", "/contacts/"),
    "delete_identity": ("supabase", "DELETE", "/admin/users/"),
}
CALLS = BEFORE | AFTER
# What may have happened or not, what asks for patience, and what refuses everybody for a while.
PASSING = {
    "broken before": {"kind": "reset_before"},
    "broken after": {"kind": "reset_after"},
    "too late": {"kind": "hang_after"},
    "500": {"kind": "status", "status": 500},
    "500 after": {"kind": "status_after", "status": 500},
    "a proxy's page": {"kind": "garbage"},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "401": {"kind": "status", "status": 401, "times": 2},
}
REFUSED = {"kind": "status", "status": 422}
LOCAL = ["freeze_local", "preflight", "seal", "delete_local", "purge"]


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


def fault(call, **how):
    _, method, path = CALLS[call]
    return Fault(method=method, path=path, **how)


def refused(call):
    return fault(call, status=400 if CALLS[call][0] == "stripe" else 422, kind="status")


class TestAPassingFailure:
    @pytest.mark.parametrize("how", PASSING)
    @pytest.mark.parametrize("call", CALLS)
    def test_ends_with_nothing_left_and_nothing_done_twice(self, ada, vendors, fails, call, how):
        fails(CALLS[call][0], fault(call, **PASSING[how]))

        assert run_to_the_end(begin(ada)) == "completed"

        assert not vendors.all[CALLS[call][0]].faults, "it was met"
        assert_gone(ada, vendors)
