import pytest

from integrity.audit import Actor
from integrity.models import AuditEntry, Saga
from integrity.saga import control
from integrity.saga.claim import claim
from integrity.saga.control import NoReason, NotFound
from integrity.saga.engine import advance, run_due
from integrity.saga.held import LostLease, look
from integrity.saga.lawful import VERBS, Refused, lawful
from integrity.saga.outcomes import NotDone, RefusedForGood
from integrity.saga.probing import probe
from integrity.saga.start import PastTheEnd, cancel
from integrity.transactions import transaction
from tests.integrity.saga.toys import (
    ADA,
    FAULTS,
    begin,
    events,
    is_whole,
    pass_time,
    settle,
    statuses,
)
from tests.integrity.toy.models import Account, Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
GRACE = Actor("operator", "grace", "she asked for it", via="admin")
LIN = Actor("operator", "lin", "I have looked as well", via="admin")
DAYS = 15 * 86_400


@pytest.fixture
def waiting():
    saga = begin()
    run_due()
    return fresh(saga)


@pytest.fixture
def refused(provider):
    """Past the pivot."""
    provider.faults.extend([None, None, FAULTS["rejected"]()])
    saga = begin()
    settle()
    return fresh(saga)


@pytest.fixture
def not_undone(provider):
    provider.faults.extend([None, RefusedForGood("422"), RefusedForGood("no undo")])
    saga = begin()
    settle()
    return fresh(saga)


def offered(saga):
    """But for what shows what is sealed."""
    return [verb for verb in lawful(saga) if verb != "reveal"]


def both(verb, saga):
    """One asks, another confirms."""
    for by in (GRACE, LIN):
        verb(saga=saga.uid, by=by)


def fresh(saga):
    return Saga.objects.get(pk=saga.pk)


def test_what_is_lawful_depends_on_where_it_is(waiting):
    assert offered(waiting) == ["pause", "run_now", "skip_timer", "compensate", "probe"]
    paused = control.pause(saga=waiting.uid, by=GRACE)
    assert offered(paused) == ["resume", "compensate", "probe", "resolve"]
    control.resume(saga=waiting.uid, by=GRACE)
    settle()
    assert offered(fresh(waiting)) == ["probe", "verify", "again"]


def test_past_the_pivot_it_can_be_tried_again_or_ended_and_not_taken_back(refused):
    assert offered(refused) == ["retry", "retry_with_new_key", "probe", "mark_done", "resolve"]
    with pytest.raises(Refused, match="point of no return"):
        control.compensate(saga=refused.uid, by=GRACE)


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if hasattr(control, verb) and verb != "again"]
)
def test_what_is_not_lawful_is_refused_and_changes_nothing(verb):
    saga = begin()
    settle()
    before = Saga.objects.values().get()

    with pytest.raises(Refused):
        getattr(control, verb)(saga=saga.uid, by=GRACE)
    assert Saga.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_each_verb_leaves_who_and_why(waiting):
    control.pause(saga=waiting.uid, by=GRACE)

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.reason) == (
        "integrity.saga_pause",
        "grace",
        "she asked for it",
    )
    event = waiting.events.get(event="pause")
    assert (event.actor_id, event.detail) == ("grace", {"reason": "she asked for it"})


def test_a_verb_needs_a_reason_a_saga_and_the_version_that_was_looked_at(waiting):
    with pytest.raises(NoReason):
        control.pause(saga=waiting.uid, by=Actor("operator", "grace", " "))
    with pytest.raises(NotFound):
        control.pause(saga="5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11", by=GRACE)
    with pytest.raises(Refused, match="moved since"):
        control.pause(saga=waiting.uid, by=GRACE, version=waiting.fence + 1)
    control.pause(saga=waiting.uid, by=GRACE, version=waiting.fence)


def test_a_worker_that_is_at_it_loses_it(waiting):
    pass_time(DAYS)
    held = look(claim())
    control.pause(saga=waiting.uid, by=GRACE)

    with pytest.raises(LostLease):
        advance(held)
    pass_time(DAYS)
    run_due()
    assert fresh(waiting).state == "paused"


def test_a_call_that_is_under_way_is_waited_for(waiting):
    pass_time(DAYS)
    claim()
    control.compensate(saga=waiting.uid, by=GRACE)

    assert claim() is None, "its lease isn't over"
    pass_time(61)
    assert claim().crashes == 0, "nobody died"


def test_a_timer_is_kept_unless_it_is_skipped(waiting):
    control.run_now(saga=waiting.uid, by=GRACE)
    run_due()
    assert fresh(waiting).wait == "timer"

    control.skip_timer(saga=waiting.uid, by=GRACE)
    run_due()
    assert fresh(waiting).pivot_at is not None


def test_whoever_asked_for_it_may_call_it_off_until_the_pivot(waiting):
    with transaction():
        cancel(waiting, by=ADA)
    assert (waiting.state, waiting.cancelled_at is None) == ("compensating", False)
    settle()
    assert (fresh(waiting).state, is_whole()) == ("compensated", "as before")

    with pytest.raises(PastTheEnd), transaction():
        cancel(fresh(waiting), by=ADA)


def test_a_retry_gives_it_all_its_tries_again(refused):
    tried = control.retry(saga=refused.uid, by=GRACE)

    assert (tried.state, tried.attention, tried.attempts, tried.error) == ("running", "", 0, "")
    settle()
    assert (fresh(refused).state, is_whole()) == ("completed", "closed")


def test_a_retry_with_a_new_key_calls_with_it(refused, provider):
    control.retry(saga=refused.uid, by=GRACE, new_key=True)
    settle()

    assert [key.rpartition(":")[2] for key in provider.calls] == ["0", "0", "0", "1"]


def test_a_retry_after_failed_undos_undoes_those_alone(not_undone, provider):
    Account.objects.update(state="renamed since")
    control.retry(saga=not_undone.uid, by=GRACE)
    settle()

    assert (fresh(not_undone).state, statuses(not_undone)["mute"]) == ("compensated", "undone")
    assert Account.objects.get().state == "renamed since"


def test_an_undo_may_be_given_up(not_undone):
    assert "skip_undo" in lawful(not_undone)
    both(control.skip_undo, not_undone)
    settle()

    assert (fresh(not_undone).state, statuses(not_undone)["mute"]) == (
        "compensated",
        "undo_skipped",
    )


def test_a_step_that_somebody_did_by_hand_is_gone_over(refused):
    Mailbox.objects.update(removed=True)
    both(control.mark_done, refused)
    settle()

    assert (fresh(refused).state, is_whole()) == ("completed", "closed")
    assert "mark_done remove" in events(refused)


def test_one_that_is_ended_by_hand_says_what_it_left(refused):
    with pytest.raises(Refused, match="Its steps are"):
        control.resolve(saga=refused.uid, by=GRACE, left_behind=["nonsense"])
    ended = control.resolve(saga=refused.uid, by=GRACE, left_behind=["remove"])

    assert (ended.state, ended.secrets.exists(), lawful(ended)) == (
        "resolved",
        False,
        ["probe", "verify", "again", "tidied"],
    )
    control.tidied(saga=refused.uid, by=GRACE)
    assert not ended.steps.filter(left_behind=True).exists()


def test_a_probe_looks_at_each_system_and_changes_nothing(refused, provider):
    calls = len(provider.calls)
    seen = probe(saga=refused.uid, by=GRACE)

    assert [(each.step, each.found) for each in seen] == [
        ("mute", "done"),
        ("refund", "done"),
        ("remove", "not_done"),
    ]
    assert (len(provider.calls), fresh(refused).fence) == (calls, refused.fence)
    assert AuditEntry.objects.get().verb == "integrity.saga_probe"


def test_a_system_that_cannot_be_asked_hides_no_other(refused, provider):
    def visit(label):
        if label == "before the probe of mute":
            raise NotDone("connection refused")

    provider.visit = visit

    assert [each.found for each in probe(saga=refused.uid, by=GRACE)] == [
        "cant_tell",
        "done",
        "not_done",
    ]
