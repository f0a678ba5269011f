"""The timeline of a saga: what happened, never changed afterwards."""

from typing import Any

from integrity.audit import SYSTEM, Actor
from integrity.models import Saga, SagaEvent
from integrity.transactions import transaction_required


@transaction_required
def note(
    saga: Saga, event: str, *, step: str = "", by: Actor = SYSTEM, **detail: str | float | None
) -> None:
    """
    Args:
        event: `started`, `step_done`, `step_failed` and so on.
        detail: ids, numbers and scrubbed texts, never an address or a name.
    """
    line(saga, event, step=step, by=by, **detail).save()


def line(
    saga: Saga, event: str, *, step: str = "", by: Actor = SYSTEM, **detail: str | float | None
) -> SagaEvent:
    """As above, and not stored yet."""
    told: dict[str, Any] = {name: value for name, value in detail.items() if value is not None}
    if by.reason and by != SYSTEM:
        told["reason"] = by.reason
    return SagaEvent(
        saga=saga,
        fence=saga.fence,
        event=event,
        step=step,
        actor_kind=by.kind,
        actor_id=by.id,
        detail=told,
    )
