"""One step back: undo what the saga has set, and nothing that somebody else has set since."""

import time

from integrity.models import SagaStep
from integrity.saga.definition import Local, Remote, Step
from integrity.saga.forward import gate_is_shut
from integrity.saga.held import Held, State, Status, key_of, leased, move, renew
from integrity.saga.outcomes import ChangedSince, Gone, OutcomeUnknown
from integrity.saga.places import end, has_to_be_undone, step_back
from integrity.saga.writes import NOW
from integrity.transactions import transaction_required


def take_back(held: Held, declared: Step) -> bool:
    """Undo the step at which the saga is. Whether there is more to do at once.

    Raises:
        Exception: it isn't undone; `failing` judges what that means.
    """
    if not has_to_be_undone(held, held.step):
        return move(held=held, change=lambda: step_back(held))
    if isinstance(declared, Local):
        return move(held=held, change=lambda: _undo_locally(held, declared))
    assert isinstance(declared, Remote)
    return _undo_remotely(held, declared)


@transaction_required
def _undo_locally(held: Held, declared: Local) -> bool:
    assert declared.undo is not None
    declared.undo(held.at(held.step))
    return undone(held)


def _undo_remotely(held: Held, declared: Remote) -> bool:
    if gate_is_shut(held, declared.provider):
        return False
    assert declared.undo is not None
    step, began = held.step, time.monotonic()

    def begin() -> None:
        held.write_step(step, status=Status.UNDOING, attempts=step.attempts + 1)
        held.write(**leased())
        held.note("undo_begun", step, attempt=held.saga.attempts + 1, key=key_of(held.saga, step))

    move(held=held, change=begin)
    held.must_be_fresh()
    declared.undo(held.at(step))
    seconds = round(time.monotonic() - began, 3)

    def record() -> bool:
        held.answered(declared.provider)
        return undone(held, seconds=seconds)

    return move(held=held, change=record)


@transaction_required
def undone(
    held: Held,
    *,
    status: SagaStep.Status = Status.UNDONE,
    seconds: float | None = None,
    error: str | None = None,
) -> bool:
    """Record how the undo of the step at which the saga is went, and go on."""
    held.write_step(held.step, status=status, in_doubt=False, finished_at=NOW)
    held.note(f"step_{status}", held.step, seconds=seconds, error=error)
    return step_back(held)


def look_back(held: Held) -> bool:
    """When every call that was under way must have landed: undo again what landed after its undo.

    An undo compares and sets, so where nothing has changed it does nothing.

    Raises:
        Exception: as above.
    """
    for step in held.steps:
        declared = held.declaration(step)
        if step.status == Status.UNDONE and isinstance(declared, Remote) and declared.undo:
            if gate_is_shut(held, declared.provider):
                return False
            renew(held)
            _undo_again(held, declared, step)
    return move(held=held, change=lambda: _taken_back(held))


def _undo_again(held: Held, declared: Remote, step: SagaStep) -> None:
    assert declared.undo is not None
    try:
        declared.undo(held.at(step))
    except (ChangedSince, Gone):
        # It was as before once; whoever has changed it since may.
        return
    except OutcomeUnknown as error:
        if error.answered:
            move(held=held, change=lambda: renew_undo_key(held, step))
        raise


@transaction_required
def renew_undo_key(held: Held, step: SagaStep) -> None:
    """The provider may give its stored failure to the old key for ever. The undo looks before it
    sets, so another key does nothing twice."""
    held.write_step(step, key_epoch=step.key_epoch + 1)


@transaction_required
def _taken_back(held: Held) -> bool:
    end(held, State.COMPENSATED)
    return False
