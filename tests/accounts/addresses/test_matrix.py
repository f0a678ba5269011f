"""Each step of a change of address meets each kind of failure, and ends with one address, the same
here and at the provider; or waits, or needs a person."""

import pytest

from accounts.actors import acting
from accounts.addresses.requesting import cancel_email_change
from accounts.clients.identity import identities
from accounts.models import User
from accounts.repairs.identity import kept_addresses, release
from accounts.simulators.faults import FOREVER, Fault
from integrity.audit import Actor
from integrity.evaluate import evaluate
from integrity.models import ProviderGate
from integrity.saga.control import pause, resolve, retry
from integrity.saga.outcomes import NotDone, RefusedForGood
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from tests.accounts.addresses.story import (
    NEW,
    OLD,
    assert_moved,
    assert_stayed,
    change,
    changed,
    known,
    run_through_deaths,
    run_until,
)
from tests.accounts.elsewhere.supabase_story import there
from tests.accounts.leaving.story import run, run_to_the_end, time_passes

pytestmark = pytest.mark.django_db(transaction=True)
# What may have happened or not, what asks for patience, and what refuses everybody for a while.
PASSING = {
    "broken before": {"kind": "reset_before"},
    "broken after": {"kind": "reset_after"},
    "too late": {"kind": "hang_after"},
    "500": {"kind": "status", "status": 500},
    "500 after": {"kind": "status_after", "status": 500},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "401": {"kind": "status", "status": 401, "times": 2},
    "not json": {"kind": "garbage"},
}
STEPS = ("hold_address", "set_identity", "change_here")
HAS_IDENTITY = "accounts.every_couple_has_an_identity"
COUNTS = "accounts.every_proven_address_counts"
ANN = Actor("command", "ann", "the provider has mended it", via="cli")


@pytest.fixture
def vendors(vendors, settings):
    """The identity provider alone."""
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    return vendors


@pytest.fixture
def ada(vendors):
    return known()


@pytest.fixture
def meets(fails):
    def script(method="PUT", **how):
        fails("supabase", Fault(method=method, path="/admin/users/", **how))

    return script


def not_yet(at):
    raise NotDone("on purpose")


def refuse(at):
    raise RefusedForGood("on purpose")


def then(happens):
    """Something happens, and the step is refused."""

    def run(at):
        happens()
        refuse(at)

    return run


def taken_there(vendors, email=NEW):
    """By an identity that no account here has."""
    body = vendors.supabase.state["users"]
    id = "00000000-0000-4000-8000-000000000001"
    body[id] = {**next(iter(body.values())), "id": id, "email": email}
    return id


class TestAPassingFailure:
    @pytest.mark.parametrize("how", PASSING)
    def test_at_each_call_ends_with_the_new_address_everywhere(self, ada, vendors, meets, how):
        for method in ("GET", "PUT"):
            meets(method, **PASSING[how])

        assert run_to_the_end(change(ada)) == "completed"

        assert not vendors.supabase.faults, "both were met"
        assert_moved(ada)
        assert_every_invariant_holds()

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_so_does_a_worker_that_dies_in_each_step(self, ada, when):
        saga = change(ada)
        deaths = run_through_deaths(saga, STEPS, after=when == "after")

        assert (saga.state, deaths) == ("completed", len(STEPS))
        assert_moved(ada)

    def test_who_has_no_identity_yet_gets_one_with_the_new_address(self, ada, vendors):
        vendors.supabase.state["users"].clear()

        assert run_to_the_end(change(ada)) == "completed"

        assert_moved(ada)

    def test_an_identity_that_goes_meanwhile_is_made_again(self, ada, meets):
        meets(kind="status", status=404)

        assert run_to_the_end(change(ada)) == "completed"

        assert_moved(ada)

    def test_an_address_that_becomes_free_there_is_waited_for(self, ada, vendors):
        other = taken_there(vendors)
        saga = change(ada)
        assert run(saga) == "running"

        del vendors.supabase.state["users"][other]
        time_passes()
        assert run_to_the_end(saga) == "completed"
        assert_moved(ada)


class TestARefusal:
    @pytest.mark.parametrize("step", ["hold_address", "change_here"])
    def test_of_ours_leaves_the_old_address_everywhere(self, ada, step):
        with changed(step, run=refuse):
            assert run_to_the_end(change(ada)) == "compensated"

        assert_stayed(ada)
        assert_every_invariant_holds()

    @pytest.mark.parametrize("status", [400, 422])
    def test_of_the_provider_leaves_the_old_address_everywhere(self, ada, meets, status):
        body = {"code": "validation_failed", "message": "no"}
        meets(kind="status", status=status, body=body)

        assert run_to_the_end(change(ada)) == "compensated"

        assert_stayed(ada)

    def test_of_an_address_that_another_identity_has_leaves_the_old_one(self, ada, vendors):
        taken_there(vendors)

        assert run_to_the_end(change(ada)) == "compensated"

        assert_stayed(ada)
        assert_every_invariant_holds()

    def test_by_a_provider_that_is_down_for_long_leaves_the_old_address(self, ada, vendors, meets):
        meets(kind="status", status=500, times=FOREVER)
        saga = change(ada)
        run_until(saga, "compensating")
        vendors.supabase.faults.clear()

        assert run_to_the_end(saga) == "compensated"
        assert_stayed(ada)

    def test_of_the_key_waits_at_one_gate_and_nothing_has_changed(self, ada, vendors, meets):
        meets("", kind="status", status=401, times=FOREVER)
        saga = change(ada)

        assert run(saga) == "running"

        assert (saga.wait, saga.attempts) == ("gate", 0)
        assert ProviderGate.objects.get().provider == "supabase"
        assert User.objects.get(pk=ada.pk).email == OLD
        vendors.supabase.faults.clear()
        time_passes()
        assert run_to_the_end(saga) == "completed"
        assert_moved(ada)


class TestTakingBack:
    """Our own step is refused, so that the provider has to be set back."""

    @pytest.mark.parametrize("how", PASSING)
    def test_whatever_passes_ends_with_the_old_address(self, ada, vendors, meets, how):
        with changed("change_here", run=then(lambda: meets(**PASSING[how]))):
            assert run_to_the_end(change(ada)) == "compensated"

        assert not vendors.supabase.faults, "it was met"
        assert_stayed(ada)

    def test_a_refusal_needs_a_person_and_the_old_address_counts_here(self, ada, meets):
        saga = change(ada)
        fault = {"kind": "status", "status": 422, "body": {"code": "x", "message": "no"}}
        with changed("change_here", run=then(lambda: meets(**fault))):
            assert run_to_the_end(saga) == "attention"

        assert saga.attention == "undo_failed"
        assert User.objects.get(pk=ada.pk).email == OLD
        retry(saga=saga.uid, by=ANN)
        assert run_to_the_end(saga) == "compensated"
        assert_stayed(ada)

    def test_what_somebody_has_set_since_is_left_and_then_told_anew(self, ada, vendors):
        def edit():
            vendors.supabase.edit(str(ada.uid), email="third@example.com")

        saga = change(ada)
        with changed("change_here", run=then(edit)):
            assert run_to_the_end(saga) == "compensated"

        assert saga.steps.get(name="set_identity").status == "undo_skipped"
        assert_stayed(ada)

    def test_an_identity_that_has_gone_since_is_made_again(self, ada, vendors):
        with changed("change_here", run=then(vendors.supabase.state["users"].clear)):
            assert run_to_the_end(change(ada)) == "compensated"

        assert_stayed(ada)

    def test_of_an_identity_that_was_not_there_leaves_it_with_the_old_address(self, ada, vendors):
        vendors.supabase.state["users"].clear()
        with changed("change_here", run=refuse):
            assert run_to_the_end(change(ada)) == "compensated"

        assert_stayed(ada)

    def test_a_call_that_lands_after_its_undo_is_undone_again(self, ada):
        saga = change(ada)
        with changed("change_here", run=refuse):
            assert run(saga) == "compensating"
            assert saga.position == -1
        identities().set_email(ada.uid, email=NEW, is_verified=True)

        time_passes()
        assert run(saga) == "compensated"
        assert there(ada) == (OLD, True)

    def test_they_may_think_better_of_it_while_the_provider_is_down(self, ada, vendors, meets):
        meets("", kind="status", status=503, times=FOREVER)
        saga = change(ada)
        run(saga)

        assert cancel_email_change(user=ada, by=acting(ada))
        vendors.supabase.faults.clear()

        time_passes()
        assert run_to_the_end(saga) == "compensated"
        assert_stayed(ada, told=False)


def test_between_the_provider_s_step_and_ours_nothing_is_counted_as_broken(ada):
    saga = change(ada)
    with changed("change_here", run=not_yet):
        run(saga)

    assert (there(ada), User.objects.get(pk=ada.pk).email) == ((NEW, True), OLD)
    results = {each.invariant.name: each for each in evaluate(["accounts"]).results}
    assert results.pop(HAS_IDENTITY).suspected == 1
    assert "broken" not in {each.result for each in results.values()}


class TestAPersonEndsIt:
    def test_half_way_is_found_and_the_repair_puts_it_right(self, ada):
        saga = change(ada)
        with changed("change_here", run=not_yet):
            run(saga)
        pause(saga=saga.uid, by=ANN)
        resolve(saga=saga.uid, by=ANN)

        broken = [each for each in evaluate([HAS_IDENTITY, COUNTS]).results if each.count]
        assert [each.invariant.name for each in broken] == [HAS_IDENTITY, COUNTS]
        with transaction():
            for deed in kept_addresses():
                release(deed)
        assert_stayed(ada, told=False)
        assert_every_invariant_holds()
