"""How things were before a saga's steps, for a person who says why they have to see it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from integrity.audit import Actor, subject_of
from integrity.models import AuditEntry, Saga
from integrity.saga.control import steer
from integrity.saga.lawful import PRIOR
from integrity.saga.secrets import secret
from integrity.sealed import UnreadableSeal

VERB, FOR = "reveal", timedelta(minutes=10)


@dataclass(frozen=True)
class Prior:
    """What the undo of one step would put back, or why nobody can tell."""

    step: str
    values: dict[str, Any] = field(default_factory=dict)
    why_not: str = ""


def reveal(*, saga: UUID, by: Actor) -> None:
    """For ten minutes this person sees it. The audit row is what opens it.

    Raises:
        NotFound
        NoReason
        Refused: nothing is kept of how things were.
    """
    steer(verb=VERB, saga=saga, by=by, version=None, change=lambda seen: {})


def is_revealed(saga: Saga, *, to: str) -> bool:
    """Whether the person with this public id has said why within the last ten minutes."""
    mine = AuditEntry.objects.filter(
        verb=f"integrity.saga_{VERB}", subject=subject_of(saga), actor_id=to
    )
    return mine.filter(at__gt=Now() - FOR).exists()


def prior_of(saga: Saga) -> list[Prior]:
    """Unsealed. Show it to nobody to whom it isn't revealed."""
    kept = saga.secrets.filter(purpose__startswith=PRIOR).order_by("purpose")
    return [_opened(saga, each) for each in kept.values_list("purpose", flat=True)]


def _opened(saga: Saga, purpose: str) -> Prior:
    step = purpose.removeprefix(PRIOR)
    try:
        return Prior(step, secret(saga.uid, purpose))
    except UnreadableSeal as error:
        return Prior(step, why_not=str(error))
