"""Where a saga goes next, and how it ends or is parked. Each is a part of one move."""

from typing import Any

from integrity.conf import config
from integrity.models import Saga, SagaStep
from integrity.saga.held import Held, State, Status, Wait, leased, waiting
from integrity.saga.secrets import forget_secrets
from integrity.saga.writes import NOW
from integrity.transactions import transaction_required

Attention = Saga.Attention
OVER = (Status.DONE, Status.SKIPPED)
TO_UNDO = (Status.STARTED, Status.DONE, Status.UNDOING)


@transaction_required
def step_forward(held: Held, **more: Any) -> bool:
    """Go on to the next step that isn't over, or complete. Whether there is more to do."""
    if (step := following(held)) is not None:
        held.write(position=step.position, **leased(), **Saga.FRESH, **more)
        return True
    end(held, State.COMPLETED, position=len(held.steps), **more)
    return False


def following(held: Held) -> SagaStep | None:
    rest = held.steps[held.saga.position + 1 :]
    return next((each for each in rest if each.status not in OVER), None)


@transaction_required
def turn_back(held: Held, why: str, **more: Any) -> bool:
    """Begin to take back, with the step it is at: it may have happened."""
    held.write(state=State.COMPENSATING, **leased(), **{**Saga.FRESH, **more})
    held.note("compensating", held.step, why=why)
    return True


@transaction_required
def step_back(held: Held) -> bool:
    """Go on to the next step before this one that has an undo, or to the end of the way back."""
    before = reversed(held.steps[: held.saga.position])
    earlier = next((each for each in before if has_to_be_undone(held, each)), None)
    if earlier is not None:
        held.write(position=earlier.position, **leased(), **Saga.FRESH)
        return True
    steps = [held.as_written(each) for each in held.steps]
    if any(each.status == Status.UNDO_FAILED for each in steps):
        park(held, Attention.UNDO_FAILED, position=-1)
    elif any(each.status == Status.UNDONE and each.kind == "remote" for each in steps):
        # A call that was under way may land after its undo; what then stands is undone again.
        held.write(position=-1, **waiting(Wait.TIMER, config().saga_quiet), **Saga.FRESH)
    else:
        end(held, State.COMPENSATED, position=-1)
    return False


def has_to_be_undone(held: Held, step: SagaStep) -> bool:
    if step.status not in TO_UNDO:
        return False
    declared = held.declaration(step)
    # A step that this code doesn't know is for a worker that does.
    return declared is None or getattr(declared, "undo", None) is not None


@transaction_required
def park(held: Held, why: Saga.Attention, **more: Any) -> bool:
    """Leave it to a person."""
    held.write(
        state=State.ATTENTION,
        attention=why,
        parked_from=held.saga.state,
        **{**waiting(Wait.READY, 0), **more},
    )
    held.note("attention", why=why)
    return False


@transaction_required
def end(held: Held, state: Saga.State, **more: Any) -> None:
    held.write(state=state, finished_at=NOW, **waiting(Wait.READY, 0), **Saga.FRESH, **more)
    forget_secrets(held.saga)
    held.note(state)
