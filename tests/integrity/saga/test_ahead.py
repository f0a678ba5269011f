"""A remote step is begun in the transaction that records the one before it, where that can be."""

import time
from contextlib import suppress

import pytest
from django.db import OperationalError

from integrity.audit import Actor
from integrity.drill.boundaries import COMMIT, watch
from integrity.models import ProviderGate, Saga
from integrity.saga.backward import renew_undo_key
from integrity.saga.claim import claim
from integrity.saga.definition import Local, Probe, Remote, saga
from integrity.saga.engine import go_on, run_due
from integrity.saga.held import LostLease, look, move
from integrity.saga.kinds import pause_kind
from integrity.saga.outcomes import NotDone, OutcomeUnknown, RefusedForGood, RefusedToAll
from integrity.saga.start import cancel, start
from integrity.transactions import transaction
from tests.database import execute
from tests.integrity.saga.toys import ADA, events, pass_time, settle, statuses
from tests.integrity.toy.models import Answer

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "toy.three_letters"
GRACE = Actor("operator", "grace", "something is wrong", via="admin")
LETTERS = ("first", "second", "third")


@pytest.fixture
def letters(provider):
    """A saga of three calls, whose provider does twice what it is told twice without a key."""

    def send(at):
        provider.call(at, lambda: None)

    def is_sent(at):
        return Probe.DONE if Answer.objects.filter(key=at.key).exists() else Probe.NOT_DONE

    def take_back(at):
        Answer.objects.filter(key__contains=f":{at.step}:do:").delete()

    saga(
        kind=KIND,
        version=1,
        title="Three letters",
        steps=(
            Local("write", run=lambda at: None),
            *(
                Remote(each, provider="post", run=send, probe=is_sent, undo=take_back)
                for each in LETTERS
            ),
        ),
    )
    with transaction():
        return start(KIND, subject="ada", by=ADA)


def calls(provider):
    return [key.split(":")[2] for key in provider.calls]


def test_each_is_begun_with_the_end_of_the_one_before(letters, provider):
    commits = []

    def see(label, when):
        if label == COMMIT and when == "before":
            commits.append(events(letters)[-1])

    with watch(see):
        run_due()

    assert commits == [
        "step_begun first",
        "step_begun second",
        "step_begun third",
        "completed",
    ]
    assert calls(provider) == list(LETTERS)
    assert list(letters.steps.values_list("attempts", flat=True)) == [0, 1, 1, 1]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_wherever_its_worker_dies_each_happens_once(letters, provider, number, when):
    passed = []

    def see(label, moment):
        if (label, moment) == (COMMIT, when):
            passed.append(label)
            if len(passed) == number + 1:
                raise OperationalError("killed")

    with watch(see), suppress(OperationalError):
        run_due()
    settle()

    letters.refresh_from_db()
    assert letters.state == "completed"
    assert sorted(key.split(":")[2] for key in keys()) == sorted(LETTERS)


def keys():
    return Answer.objects.values_list("key", flat=True)


def test_what_was_certainly_not_done_is_not_in_doubt(letters, provider):
    provider.faults.extend([None, NotDone("connection refused")])
    run_due()

    second = letters.steps.get(name="second")
    assert (second.status, second.in_doubt, second.attempts) == ("started", False, 1)


def test_of_what_nobody_can_tell_the_probe_is_asked_first(letters, provider):
    provider.faults.extend([None, OutcomeUnknown("timed out")])
    run_due()
    assert letters.steps.get(name="second").in_doubt
    provider.faults.append("after")
    pass_time()
    run_due()
    settle()

    assert sorted(key.split(":")[2] for key in keys()) == sorted(LETTERS)


def test_a_refusal_takes_back_the_one_before_as_well(letters, provider):
    provider.faults.extend([None, RefusedForGood("422")])
    settle(seconds=100)

    letters.refresh_from_db()
    assert (letters.state, list(keys())) == ("compensated", [])
    assert statuses(letters)["first"] == "undone"
    assert letters.steps.get(name="first").attempts == 2, "there and back"


def test_a_step_whose_commit_fails_was_not_done_and_is_not_undone():
    undone = []

    def seal_for_nobody(at):
        """Which PostgreSQL refuses at the COMMIT."""
        execute("INSERT INTO integrity_sagasecret (saga_id, purpose, sealed) VALUES (-1, 'a', '')")

    step = Local("write", run=seal_for_nobody, undo=lambda at: undone.append(at.step))
    saga(kind=KIND, version=1, title="A letter", steps=(step,))
    with transaction():
        begun = start(KIND, subject="ada", by=ADA)
    run_due()

    begun.refresh_from_db()
    assert (begun.state, begun.error, undone) == ("compensated", "", [])
    assert "step_failed write" in events(begun)


def test_where_the_fence_has_risen_not_even_a_step_s_row_is_written(letters):
    held = look(claim())
    with transaction():
        cancel(letters, by=ADA)
    with pytest.raises(LostLease):
        move(held=held, change=lambda: renew_undo_key(held, held.step))

    assert set(letters.steps.values_list("key_epoch", flat=True)) == {0}


def test_the_time_at_which_a_call_was_begun_is_kept(letters, provider):
    run_due()

    times = letters.steps.exclude(name="write").values_list("started_at", "finished_at")
    assert all(began < ended for began, ended in times)


def test_no_call_is_begun_ahead_of_a_gate_that_is_shut(letters, provider):
    provider.faults.append(RefusedToAll("401"))
    run_due()
    assert ProviderGate.objects.get().shut_until
    with transaction():
        other = start(KIND, subject="grace", by=ADA)
    run_due()

    other.refresh_from_db()
    assert (statuses(other)["first"], other.wait) == ("pending", "gate")
    assert calls(provider) == ["first"]


def test_when_its_time_is_over_no_further_call_is_begun(letters, provider, monkeypatch):
    """Whoever begins a call makes it: nobody has to ask a probe about one that never was."""
    ends = time.monotonic() + 1000
    provider.visit = lambda label: monkeypatch.setattr(time, "monotonic", lambda: ends + 1)
    go_on(claim(), stop_at=ends)

    letters.refresh_from_db()
    assert (letters.wait, calls(provider)) == ("ready", ["first"])
    assert statuses(letters)["second"] == "pending"


def test_what_was_begun_in_time_is_called_though_the_time_is_over_by_then(
    letters, provider, monkeypatch
):
    clock = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    ends = clock[0] + 10

    def see(label, when):
        if label == COMMIT and when == "after":
            clock[0] = ends + 1

    claimed = claim()
    with watch(see):
        go_on(claimed, stop_at=ends)

    letters.refresh_from_db()
    assert (letters.wait, calls(provider)) == ("ready", ["first"])
    assert statuses(letters)["second"] == "pending"


def test_what_is_changed_meanwhile_without_a_fence_is_what_the_next_step_is_given(provider):
    """Somebody may be in a hurry while a call is made."""
    given = []

    def note_down(at):
        given.append(dict(at.options))
        execute("UPDATE integrity_saga SET options = %s", f'{{"calls": {len(given)}}}')

    steps = (
        Remote(name, provider="post", run=note_down, undo=lambda at: None, repeatable=True)
        for name in LETTERS
    )
    saga(kind=KIND, version=1, title="Three letters", steps=tuple(steps))
    with transaction():
        start(KIND, subject="ada", by=ADA, options={"calls": 0})
    run_due()

    assert given == [{"calls": 0}, {"calls": 1}, {"calls": 2}]
    assert Saga.objects.get().state == "completed"


def test_nothing_is_begun_ahead_once_its_kind_is_paused(letters, provider):
    provider.visit = lambda label: (
        label == "after the call of first" and pause_kind(kind=KIND, by=GRACE)
    )
    run_due()

    letters.refresh_from_db()
    assert (letters.wait, calls(provider)) == ("ready", ["first"])
    assert statuses(letters)["second"] == "pending"
