"""One step forward: do it, and record it; or begin to wait for it."""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from integrity.conf import config
from integrity.models import Saga, SagaStep
from integrity.saga import gates
from integrity.saga.definition import Local, More, Pivot, Probe, Remote, Step, Timer, Told, Verify
from integrity.saga.held import Held, Status, Wait, key_of, leased, move, waiting
from integrity.saga.outcomes import NotDone
from integrity.saga.places import Attention, following, park, step_forward
from integrity.saga.secrets import replace_secret
from integrity.saga.writes import NOW
from integrity.transactions import transaction_required

ROUNDS = 3


class CantTell(NotDone):
    """The probe can't tell, and the step may not be repeated on a guess."""

    word = "cant_tell"


class OutForTooLong(NotDone):
    """The provider has refused everybody for as long as this saga may wait; it wasn't asked."""

    word = "out_for_too_long"


def take(held: Held, declared: Step) -> bool:
    """Take the step at which the saga is. Whether there is more to do at once.

    Raises:
        Exception: the step didn't get done; `failing` judges what that means.
    """
    match declared:
        case Local() | Pivot():
            return move(held=held, change=lambda: _do_locally(held, declared))
        case Remote():
            return _do_remotely(held, declared)
        case Timer():
            return _let_time_pass(held, declared)
        case Verify():
            return _look_again(held, declared)
    raise TypeError(f"No kind of step: {declared!r}")


@transaction_required
def _do_locally(held: Held, declared: Local | Pivot) -> bool:
    """The effect, its record and the saga's row are one transaction, so it happens once."""
    told = declared.run(held.at(held.step))
    if isinstance(told, More):
        held.write_step(held.step, status=Status.STARTED, started_at=held.step.started_at or NOW)
        held.write(**leased(), **Saga.FRESH)
        return True
    if isinstance(declared, Pivot):
        position = held.step.position
        return done(held, told, pivot_at=NOW, pivot_position=position)
    return done(held, told)


def _do_remotely(held: Held, declared: Remote) -> bool:
    """1. Ask at the gate. 2. Note prior values, once. 3. Note that it is begun. 4. Where an earlier
    call may have happened, look. 5. Call. 6. Record."""
    step, in_doubt = held.step, held.step.in_doubt
    began = time.monotonic()
    if not held.begun:
        if gate_is_shut(held, declared.provider):
            return False
        _capture(held, declared, step)
        _begin(held, step)
    if in_doubt and declared.probe is not None:
        found = declared.probe(held.at(step))
        if found is Probe.DONE:
            return _recorded(held, declared, None, began, found="there already")
        if found is Probe.CANT_TELL and not declared.repeatable:
            raise CantTell("the probe can't tell whether it is done")
        if found is Probe.NOT_DONE and step.answered:
            _renew_key(held, step)
    held.must_be_fresh()
    told = declared.run(held.at(step))
    return _recorded(held, declared, told, began)


def gate_is_shut(held: Held, provider: str) -> bool:
    """Let go of the saga until the provider may be asked again."""
    if not gates.is_shut(provider):
        return False
    return move(held=held, change=lambda: _wait_at_gate(held, provider))


@transaction_required
def _wait_at_gate(held: Held, provider: str) -> bool:
    until = gates.pass_or_wait(provider)
    if until is None:
        return False
    if held.out_of_patience:
        raise OutForTooLong("its provider refuses everybody, for too long")
    since = held.saga.first_failed_at or NOW
    held.write(**{**waiting(Wait.GATE, 0), "wake_at": until}, first_failed_at=since)
    return True


def _capture(held: Held, declared: Remote, step: SagaStep) -> None:
    """Read what the undo will need before anything is changed; never again afterwards."""
    if declared.capture is None or step.status != Status.PENDING:
        return
    prior = declared.capture(held.at(step))

    def keep() -> None:
        replace_secret(held.saga.uid, f"prior:{step.name}", prior)
        held.write_step(step, status=Status.STARTED, started_at=NOW)
        held.write(**leased())

    move(held=held, change=keep)


def _begin(held: Held, step: SagaStep) -> None:
    def begin() -> None:
        held.write_step(step, **_as_begun(step))
        held.note("step_begun", step, attempt=held.saga.attempts + 1, key=key_of(held.saga, step))
        held.write(**leased())

    move(held=held, change=begin)


def _as_begun(step: SagaStep) -> dict[str, Any]:
    return {
        "status": Status.STARTED,
        "started_at": step.started_at or NOW,
        "in_doubt": True,
        "attempts": step.attempts + 1,
    }


@transaction_required
def _begin_ahead(held: Held, step: SagaStep, *, answered: str) -> None:
    """Begin the step after the one that is recorded here, and spare it a transaction of its own.

    Args:
        answered: the provider that has just dealt with a call, so that its gate is open.
    """
    declared = held.declaration(step)
    if not isinstance(declared, Remote) or declared.capture is not None:
        return
    if step.status == Status.PENDING and not step.in_doubt and time.monotonic() <= held.until:
        gate = "" if declared.provider == answered else declared.provider
        held.begin_ahead(step, _as_begun(step), gate=gate, key=key_of(held.saga, step))


def _renew_key(held: Held, step: SagaStep) -> None:
    def renew() -> None:
        held.write_step(step, key_epoch=step.key_epoch + 1, answered=False)
        held.write(**leased())

    move(held=held, change=renew)
    step.key_epoch += 1


def _recorded(
    held: Held, declared: Remote, told: Told, began: float, found: str | None = None
) -> bool:
    seconds = round(time.monotonic() - began, 3)

    def record() -> bool:
        held.answered(declared.provider)
        return done(held, told, seconds=seconds, found=found, answered=declared.provider)

    return move(held=held, change=record)


@transaction_required
def done(
    held: Held,
    told: Told = None,
    *,
    seconds: float | None = None,
    found: str | None = None,
    status: SagaStep.Status = Status.DONE,
    answered: str = "",
    **more: Any,
) -> bool:
    """Record the step at which the saga is as over, and go on; to a call, if that can be."""
    held.write_step(
        held.step,
        status=status,
        result=dict(told or {}),
        in_doubt=False,
        answered=False,
        started_at=held.as_written(held.step).started_at or NOW,
        finished_at=NOW,
    )
    held.note(f"step_{status}", held.step, seconds=seconds, found=found)
    if ahead := following(held):
        _begin_ahead(held, ahead, answered=answered)
    return step_forward(held, **more)


def _let_time_pass(held: Held, declared: Timer) -> bool:
    if held.step.status == Status.PENDING:
        return _sleep(held, declared.until(held.at(held.step)))
    if _still_asleep(held):
        return False
    return move(held=held, change=lambda: done(held))


def _look_again(held: Held, declared: Verify) -> bool:
    if held.step.status == Status.PENDING:
        return _sleep(held, held.now + timedelta(seconds=config().saga_quiet))
    if _still_asleep(held):
        return False
    residue = declared.run(held.at(held.step))
    return move(held=held, change=lambda: _judge(held, residue))


def _sleep(held: Held, due: datetime) -> bool:
    """The end is fixed when the step is reached."""

    def fall_asleep() -> bool:
        held.write_step(held.step, status=Status.STARTED, started_at=NOW, due_at=due)
        held.write(**{**waiting(Wait.TIMER, 0), "wake_at": due})
        held.note("waiting", held.step, until=due.isoformat())
        return False

    return move(held=held, change=fall_asleep)


def _still_asleep(held: Held) -> bool:
    """Somebody has woken it before its time."""
    due = held.step.due_at
    if due is None or due <= held.now:
        return False
    move(held=held, change=lambda: held.write(**{**waiting(Wait.TIMER, 0), "wake_at": due}))
    return True


@transaction_required
def _judge(held: Held, residue: Collection[str]) -> bool:
    """Where something is left, its steps run again, with new keys; and then another look."""
    again = [each for each in held.steps if each.name in residue]
    _refuse_what_cannot_be_left(held, residue, again)
    if not again:
        return done(held)
    names = ", ".join(each.name for each in again)
    held.note("residue", held.step, steps=names)
    if held.saga.verify_rounds >= ROUNDS:
        return park(held, Attention.RESIDUE)
    for each in (*again, held.step):
        fresh = {"status": Status.PENDING, "key_epoch": each.key_epoch + 1, "due_at": None}
        held.write_step(each, **fresh)
    rounds = held.saga.verify_rounds + 1
    held.write(position=again[0].position, verify_rounds=rounds, **leased(), **Saga.FRESH)
    return True


def _refuse_what_cannot_be_left(
    held: Held, residue: Collection[str], again: list[SagaStep]
) -> None:
    pivot = -1 if held.saga.pivot_position is None else held.saga.pivot_position
    known = {each.name for each in again if pivot < each.position < held.saga.position}
    if wrong := sorted(set(residue) - known):
        raise ValueError(f"{held.step.name} names steps that it doesn't follow: {wrong}")
