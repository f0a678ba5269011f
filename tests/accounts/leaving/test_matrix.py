"""Each step of a deletion meets each kind of failure, and every account ends whole: gone everywhere, as
before everywhere, or sealed and waiting for a person. The vendors' own ledgers say so."""

import pytest

from accounts.clients import payments
from accounts.models import User
from accounts.simulators.faults import FOREVER, Fault
from integrity.audit import Actor
from integrity.saga.control import retry
from integrity.saga.outcomes import RefusedForGood
from tests.accounts.leaving.story import (
    AS_BEFORE,
    assert_as_before,
    assert_gone,
    assert_sealed,
    at_vendors,
    begin,
    changed,
    known_everywhere,
    run,
    run_through_deaths,
    run_to_the_end,
    time_passes,
)
from tests.rounds import rounds_until

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = {
    "pause_billing": ("stripe", "POST", "/v1/subscriptions/"),
    "mute_contact": ("resend", "PATCH", "/contacts/"),
    "ban_identity": ("supabase", "PUT", "/admin/users/"),
}
# Of the first of these, and what no undo opens again.
PAGE = {"pause_billing, the page": ("stripe", "POST", "/v1/checkout/sessions/")}
AFTER = {
    "end_billing": ("stripe", "DELETE", "/v1/subscriptions/"),
    "end_billing, the customer": ("stripe", "DELETE", "/v1/customers/"),
    "delete_contact": ("resend", "DELETE", "/contacts/"),
    "delete_identity": ("supabase", "DELETE", "/admin/users/"),
}
CALLS = BEFORE | PAGE | AFTER
# What may have happened or not, what asks for patience, and what refuses everybody for a while.
PASSING = {
    "broken before": {"kind": "reset_before"},
    "broken after": {"kind": "reset_after"},
    "too late": {"kind": "hang_after"},
    "500": {"kind": "status", "status": 500},
    "500 after": {"kind": "status_after", "status": 500},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "401": {"kind": "status", "status": 401, "times": 2},
}
ANN = Actor("command", "ann", "the vendor has mended it", via="cli")
LOCAL = ("freeze_local", "preflight", "seal", "delete_local", "purge")
STEPS = (*LOCAL, *BEFORE, "end_billing", "delete_contact", "delete_identity")


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


@pytest.fixture
def meets(fails):
    """A call of a deletion meets a fault."""

    def script(call, **how):
        vendor, method, path = CALLS[call]
        payments._sdk.cache_clear()
        fails(vendor, Fault(method=method, path=path, **how))

    return script


def refusal(call):
    return {"kind": "status", "status": 400 if CALLS[call][0] == "stripe" else 422}


def refuse(at):
    raise RefusedForGood("on purpose")


class TestAPassingFailure:
    """One run meets it at every call, which is each cell of the matrix once."""

    @pytest.mark.parametrize("how", PASSING)
    def test_ends_with_nothing_left_and_nothing_done_twice(self, ada, vendors, meets, how):
        for call in CALLS:
            meets(call, **PASSING[how])

        assert run_to_the_end(begin(ada)) == "completed"

        assert not any(each.faults for each in vendors.all.values()), "each was met"
        assert_gone(ada, vendors)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_so_does_a_worker_that_dies_in_each_step(self, ada, vendors, when):
        saga = begin(ada)
        deaths = run_through_deaths(saga, STEPS, after=when == "after")

        assert (saga.state, deaths) == ("completed", len(STEPS))
        assert_gone(ada, vendors)


class TestBeforeTheSeal:
    @pytest.mark.parametrize("step", ["preflight", "seal"])
    def test_a_refusal_of_ours_takes_all_back(self, ada, vendors, step):
        with changed(step, run=refuse):
            assert run_to_the_end(begin(ada)) == "compensated"

        assert_as_before(ada, vendors)

    @pytest.mark.parametrize("call", BEFORE | PAGE)
    def test_a_refusal_of_a_vendor_takes_all_back(self, ada, vendors, meets, call):
        meets(call, **refusal(call))

        assert run_to_the_end(begin(ada)) == "compensated"

        assert_as_before(ada, vendors)

    def test_a_vendor_that_is_down_for_long_lets_the_account_stay(self, ada, vendors, meets):
        meets("mute_contact", kind="status", status=500, times=FOREVER)
        saga = begin(ada)
        for _ in rounds_until(lambda: run(saga) != "running", "that it is given up"):
            time_passes()

        assert saga.state == "compensating"
        assert saga.cancelled_at is None
        vendors.resend.faults.clear()
        assert run_to_the_end(saga) == "compensated"
        assert_as_before(ada, vendors)

    def test_who_was_muted_banned_or_cancelled_before_stays_so(self, ada, vendors):
        vendors.resend.edit(ada.contact, unsubscribed=True)
        vendors.supabase.edit(ada.uid, banned_until="2999-01-01T00:00:00Z")
        vendors.stripe.edit(ada.subscription, cancel_at_period_end=True)
        before = at_vendors(ada, vendors)

        with changed("seal", run=refuse):
            assert run_to_the_end(begin(ada)) == "compensated"

        assert at_vendors(ada, vendors) == before


class TestTakingBack:
    """The seal is refused, so that each of the three has to be undone."""

    @pytest.mark.parametrize("how", PASSING)
    def test_whatever_passes_ends_with_all_as_before(self, ada, vendors, meets, how):
        def each_meets_it():
            for call in BEFORE:
                meets(call, **PASSING[how])

        with changed("seal", run=then(each_meets_it)):
            assert run_to_the_end(begin(ada)) == "compensated"

        assert not any(each.faults for each in vendors.all.values()), "each was met"
        assert_as_before(ada, vendors)

    @pytest.mark.parametrize("call", BEFORE)
    def test_one_that_is_refused_holds_up_no_other_and_waits_for_a_person(
        self, ada, vendors, meets, call
    ):
        saga = begin(ada)
        with changed("seal", run=then(lambda: meets(call, **refusal(call)))):
            assert run_to_the_end(saga) == "attention"

        assert saga.attention == "undo_failed"
        left = at_vendors(ada, vendors)
        assert sum(left[name] != AS_BEFORE[name] for name in left) == 1
        retry(saga=saga.uid, by=ANN)
        assert run_to_the_end(saga) == "compensated"
        assert_as_before(ada, vendors)

    def test_what_somebody_has_changed_since_is_left_alone(self, ada, vendors):
        def change():
            vendors.resend.edit(ada.contact, unsubscribed=False)
            vendors.supabase.state["users"][ada.uid].pop("banned_until")
            vendors.stripe.edit(ada.subscription, cancel_at_period_end=False)

        saga = begin(ada)
        with changed("seal", run=then(change)):
            assert run_to_the_end(saga) == "compensated"

        assert_as_before(ada, vendors)
        left_alone = saga.steps.filter(status="undo_skipped").values_list("name", flat=True)
        assert set(left_alone) == set(BEFORE)

    def test_what_somebody_has_cancelled_themselves_stays_so(self, ada, vendors):
        def cancel():
            vendors.stripe.edit(ada.subscription, metadata={"by": "herself"})

        with changed("seal", run=then(cancel)):
            assert run_to_the_end(begin(ada)) == "compensated"

        assert not at_vendors(ada, vendors)["renews"]

    def test_what_has_gone_since_is_no_trouble(self, ada, vendors):
        with changed("seal", run=then(lambda: forget(ada, vendors))):
            assert run_to_the_end(begin(ada)) == "compensated"

        assert User.objects.get().leaving_since is None


class TestAfterTheSeal:
    def test_each_refusal_waits_for_a_person_and_then_goes_on(self, ada, vendors, meets):
        for call in AFTER:
            meets(call, **refusal(call))
        saga = begin(ada)

        for _ in AFTER:
            assert run_to_the_end(saga) == "attention"
            assert saga.attention == "refused"
            assert_sealed(ada, vendors)
            retry(saga=saga.uid, by=ANN)
        assert run_to_the_end(saga) == "completed"
        assert_gone(ada, vendors)

    def test_a_vendor_that_is_down_for_long_is_never_given_up(self, ada, vendors, meets):
        meets("delete_contact", kind="status", status=500, times=FOREVER)
        saga = begin(ada)
        for _ in range(14):
            assert run(saga) == "running"
            time_passes()
        assert_sealed(ada, vendors)

        vendors.resend.faults.clear()
        assert run_to_the_end(saga) == "completed"
        assert_gone(ada, vendors)

    def test_not_found_is_not_gone(self, ada, vendors, meets):
        """They say so, and it is there: Stripe is asked by the name, the others are looked at later."""
        for call in AFTER:
            meets(call, kind="status", status=404)
        saga, asked = begin(ada), 0
        for _ in rounds_until(lambda: run_to_the_end(saga) != "attention", "the deletion's end"):
            retry(saga=saga.uid, by=ANN)
            asked += 1

        assert (saga.state, asked) == ("completed", 2), "for the subscription and the customer"
        assert saga.events.filter(event="residue").count() == 1
        assert_gone(ada, vendors)

    def test_what_somebody_has_removed_before_is_gone(self, ada, vendors):
        vendors.stripe.remove_customer(ada.customer)
        forget(ada, vendors)

        assert run_to_the_end(begin(ada)) == "completed"
        assert not User.objects.exists()


def forget(known, vendors):
    """In the vendors' own dashboards."""
    if vendors.stripe.state["subscriptions"][known.subscription]["status"] != "canceled":
        vendors.stripe.end(known.subscription)
    del vendors.resend.state["contacts"][known.contact]
    del vendors.supabase.state["users"][known.uid]


def then(happens):
    """Something happens, and the step is refused."""

    def run(at):
        happens()
        refuse(at)

    return run
