"""Each way in which a step can fail, at each kind of step: nothing is lost, nothing is half."""

import pytest

from integrity.models import SagaSecret
from integrity.saga.claim import claim
from integrity.saga.definition import Probe
from integrity.saga.engine import run_due
from integrity.saga.failing import TRIES
from integrity.saga.outcomes import ChangedSince, Gone, NotDone, RefusedForGood
from tests.integrity.saga import toys
from tests.integrity.saga.toys import (
    FAULTS,
    begin,
    declare,
    events,
    is_whole,
    pass_time,
    settle,
    statuses,
)
from tests.integrity.toy.models import Account, Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = [step.name for step in toys.steps()]


def test_it_waits_for_its_timer_and_then_runs_to_its_end():
    saga = begin()
    run_due()
    saga.refresh_from_db()
    assert (saga.wait, saga.steps.get(position=saga.position).name) == ("timer", "grace")

    settle()
    saga.refresh_from_db()
    assert (saga.state, is_whole(), saga.error) == ("completed", "closed", "")
    assert saga.pivot_at is not None
    assert set(statuses(saga).values()) == {"done"}
    assert not SagaSecret.objects.exists()
    assert events(saga)[:4] == ["started", "step_done freeze", "step_begun mute", "step_done mute"]
    assert events(saga)[-1] == "completed"


def test_it_has_the_steps_that_were_wanted_when_it_started():
    declare(refund={"wanted": lambda: False})
    saga = begin()

    assert list(statuses(saga)) == [name for name in NAMES if name != "refund"]


@pytest.mark.parametrize(
    "fault", ["refused", "pause", "unauthorised", "unknown", "after", "late", "stored"]
)
def test_what_passes_is_tried_again_and_happens_once(provider, fault):
    """At each call; what has happened after all is not called again."""
    saga = begin()
    for _ in range(3):
        provider.faults.append(FAULTS[fault]() if fault in FAULTS else fault)
        provider.faults.extend([] if fault == "after" else [None])
    settle(seconds=86_000)

    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("completed", "closed")
    assert len(provider.calls) == (3 if fault == "after" else 6)


@pytest.mark.parametrize("fault", ["rejected", "mistake"])
@pytest.mark.parametrize("call", range(2))
def test_before_the_pivot_a_refusal_takes_all_back(provider, call, fault):
    saga = begin()
    provider.faults.extend([None] * call + [FAULTS[fault]()])
    settle()

    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("compensated", "as before")
    assert saga.attempts == 0
    assert not SagaSecret.objects.exists()


def test_after_the_pivot_a_refusal_waits_for_a_person(provider):
    saga = begin()
    provider.faults.extend([None, None, FAULTS["rejected"]()])
    settle()

    saga.refresh_from_db()
    assert (saga.state, saga.attention, saga.error) == ("attention", "refused", "422")
    assert statuses(saga)["seal"] == "done"
    assert SagaSecret.objects.exists()


def test_before_the_pivot_it_gives_up_after_ten_tries(provider):
    saga = begin()
    provider.down = NotDone("connection refused")
    for _ in range(TRIES):
        run_due()
        pass_time(300)
    saga.refresh_from_db()
    assert saga.state == "compensating"
    provider.down = None

    settle()
    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("compensated", "as before")


def test_after_the_pivot_it_never_gives_up(provider):
    saga = begin()
    provider.faults.extend([None, None, *[NotDone("connection refused")] * 30])
    settle(seconds=15 * 86_400)

    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("completed", "closed")


def test_an_undo_is_tried_until_it_is_done(provider):
    saga = begin()
    provider.faults.extend([None, RefusedForGood("422"), *[NotDone("down")] * 30])
    settle(seconds=15 * 86_400)

    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("compensated", "as before")


def test_an_undo_whose_key_got_a_stored_failure_takes_another(provider):
    saga = begin()
    provider.faults.extend([None, RefusedForGood("422"), "stored"])
    settle(seconds=15 * 86_400)

    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("compensated", "as before")


def test_an_undo_that_is_refused_hides_no_other_and_waits_for_a_person(provider):
    saga = begin()
    provider.faults.extend([None, RefusedForGood("422"), RefusedForGood("no undo")])
    settle()

    saga.refresh_from_db()
    assert (saga.state, saga.attention) == ("attention", "undo_failed")
    assert statuses(saga)["mute"] == "undo_failed"
    assert Account.objects.get().state == "open"


def test_what_somebody_changed_since_is_left_as_it_is(provider):
    saga = begin()
    provider.faults.extend([None, RefusedForGood("422")])
    provider.visit = lambda label: (
        label == "before the call of refund" and Mailbox.objects.update(muted=False)
    )
    Mailbox.objects.update(muted=True)
    settle()

    saga.refresh_from_db()
    assert (saga.state, statuses(saga)["mute"]) == ("compensated", "undo_skipped")


def test_what_was_so_before_is_so_after():
    """The undo sets back what was captured, and that was captured before the first call."""
    Mailbox.objects.create(name="ada", muted=True)
    saga = begin()
    toys.provider.faults.extend(["after", RefusedForGood("422")])
    settle()

    saga.refresh_from_db()
    assert (saga.state, is_whole(muted=True)) == ("compensated", "as before")


def unmute_what_is_muted(at):
    if not toys.box(at).muted:
        raise ChangedSince("it is on")
    toys.unmute(at)


@pytest.mark.parametrize("undo", [toys.unmute, unmute_what_is_muted])
def test_a_call_that_lands_after_its_undo_is_undone_again(provider, undo):
    declare(mute={"undo": undo})
    saga = begin()
    provider.faults.extend(["late", RefusedForGood("422")])
    run_due()
    pass_time()
    run_due()
    assert is_whole() == "as before"
    provider.land_late()
    assert is_whole() != "as before"

    settle(seconds=100)
    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("compensated", "as before")


def test_a_step_whose_object_is_gone_is_skipped(provider):
    saga = begin()
    provider.faults.append(Gone("404"))
    run_due()

    assert statuses(saga)["mute"] == "skipped"


def test_what_is_left_at_the_end_runs_again_with_a_new_key(provider):
    saga = begin()
    settle_until_past(saga, "remove")
    Mailbox.objects.update(removed=False)
    before = list(provider.calls)
    settle()

    saga.refresh_from_db()
    assert (saga.state, is_whole(), saga.verify_rounds) == ("completed", "closed", 1)
    assert not set(provider.calls[len(before) :]) & set(before)


def test_what_is_always_left_waits_for_a_person(provider):
    saga = begin()
    declare(look={"run": lambda at: ["remove"]})
    settle()

    saga.refresh_from_db()
    assert (saga.state, saga.attention) == ("attention", "residue")


def test_a_probe_that_cannot_tell_before_the_pivot_waits_for_a_person(provider):
    declare(refund={"probe": lambda at: Probe.CANT_TELL})
    saga = begin()
    provider.faults.extend([None, "late"])
    settle(seconds=310)

    saga.refresh_from_db()
    assert (saga.state, saga.attention) == ("attention", "undecidable")
    assert len(provider.calls) == 2


def test_a_stored_failure_gets_a_new_key_and_an_unknown_one_the_same(provider):
    begin()
    provider.faults.extend(["stored", None, FAULTS["unknown"]()])
    run_due()
    pass_time()
    run_due()
    pass_time()
    run_due()

    ends = [key.rpartition(":")[2] for key in provider.calls]
    assert [key.split(":")[2] for key in provider.calls] == ["mute", "mute", "refund", "refund"]
    assert ends == ["0", "1", "0", "0"]


def test_three_deaths_in_one_step_wait_for_a_person():
    saga = begin()
    for _ in range(3):
        assert claim()
        pass_time()
    run_due()

    saga.refresh_from_db()
    assert (saga.state, saga.attention, saga.crashes) == ("attention", "crash_loop", 0)


def settle_until_past(saga, name):
    for _ in range(30):
        run_due()
        if statuses(saga)[name] == "done":
            return
        pass_time(15 * 86_400)
    raise AssertionError(statuses(saga))
