"""Look once more after a saga that has ended: is anything of it left? Nothing is changed there.

What is left becomes a finding of `integrity.no_effect_of_a_saga_is_left`, until somebody says that it
is tidied up.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from integrity.audit import Actor
from integrity.models import Saga, SagaStep
from integrity.saga.control import must_say_why, refuse_unlawful, steer
from integrity.saga.definition import Probe, Remote
from integrity.saga.events import note
from integrity.saga.held import Held
from integrity.saga.probing import Observed, observe, read

Status = SagaStep.Status


@dataclass(frozen=True)
class Verified(Observed):
    """`left`: this effect should be gone, and isn't; None where nobody can tell any more."""

    left: bool | None = False


def verify(*, saga: UUID, by: Actor, version: int | None = None) -> list[Verified]:
    """Ask the probe of each remote step that was begun, and keep what is left on record.

    Raises:
        NotFound
        NoReason
        Refused: it hasn't ended.
    """
    must_say_why(by)
    held = read(saga)
    refuse_unlawful(held.saga, "verify")
    seen = [Verified(**vars(each), left=_is_left(held, each)) for each in observe(held)]
    left = [each.step for each in seen if each.left]

    def change(row: Saga) -> dict[str, Any]:
        if left:
            row.steps.filter(name__in=left).update(left_behind=True)
            note(row, "left_behind", by=by, steps=", ".join(left))
        return {}

    steer(verb="verify", saga=saga, by=by, version=version, change=change)
    return seen


def _is_left(held: Held, seen: Observed) -> bool | None:
    step = next(each for each in held.steps if each.name == seen.step)
    wrong = _would_be_wrong(held, step)
    if wrong is None:
        return False
    return None if seen.found == Probe.CANT_TELL.value else seen.found == wrong.value


def _would_be_wrong(held: Held, step: SagaStep) -> Probe | None:
    """What a look must not find; None where either may be right."""
    pivot, declared = held.saga.pivot_position, held.declaration(step)
    if step.status == Status.DONE:
        # What came before it may have been changed since by whoever may.
        return Probe.NOT_DONE if pivot is not None and step.position > pivot else None
    # Where a step notes how things were, they may have been so before.
    for_sure = isinstance(declared, Remote) and declared.capture is None
    return Probe.DONE if step.status == Status.UNDONE and for_sure else None
