"""How far a deletion is, in words for the person who leaves. Nothing in it says who that is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.leaving.holding import HELD, OWES
from integrity.models import Saga, SagaEvent, SagaStep

State, Wait, Status = Saga.State, Saga.Wait, SagaStep.Status
# Of what is gone for good, by the steps that see to it.
PARTS = {
    "end_billing": "Your subscription and your details at Stripe, who collects what you pay",
    "delete_contact": "Your address on our list for news",
    "delete_identity": "Your log-in",
    "delete_local": "Your account, and all that you planned here",
}
# The looks at what is in the way of a deletion. Only their own words are for whoever leaves.
LOOKS = ("preflight", "seal")
REASONS = (HELD, OWES)


@dataclass(frozen=True)
class Part:
    words: str
    is_done: bool


@dataclass(frozen=True)
class LeavingFacts:
    """
    Attributes:
        stage: `waiting` (until `until`; it may stay), `staying` (it is being taken back), `stayed`,
            `failed` (it could not be deleted, and stays), `looked_at` (by a person, and nothing is
            deleted), `going`, `gone`, `ended` (by a person).
        kept: why it could not be deleted, where that is no failure; else blank.
        is_due: the time to think better of it is over, and it has not come to the seal yet.
        is_late: something doesn't answer, and is tried again.
    """

    stage: str
    until: datetime
    finished_at: datetime | None
    parts: list[Part]
    kept: str
    is_due: bool
    is_late: bool

    @property
    def is_on_its_way(self) -> bool:
        return self.is_due or self.stage in ("staying", "going")


def leaving_facts(saga: Saga) -> LeavingFacts:
    stage, until = _stage(saga), datetime.fromisoformat(saga.options["until"])
    return LeavingFacts(
        stage=stage,
        until=until,
        finished_at=saga.finished_at,
        parts=_parts(saga),
        kept="" if saga.cancelled_at else why_it_stays(saga.uid),
        is_due=stage == "waiting" and until <= timezone.now(),
        is_late=saga.first_failed_at is not None or saga.state in Saga.PARKED,
    )


def why_it_stays(saga: UUID) -> str:
    """What the last look found in the way, in its own words; blank if it found nothing."""
    failed = SagaEvent.objects.filter(saga__uid=saga, event="step_failed", step__in=LOOKS)
    told = failed.filter(detail__error__in=REASONS).order_by("-id").first()
    return str(told.detail["error"]) if told else ""


def _stage(saga: Saga) -> str:
    match saga.state:
        case State.COMPLETED:
            return "gone"
        case State.RESOLVED:
            return "ended"
        case State.COMPENSATED:
            return "stayed" if saga.cancelled_at else "failed"
    if saga.pivot_at is not None:
        return "going"
    if State.COMPENSATING in (saga.state, saga.parked_from):
        return "staying"
    return "looked_at" if saga.state in Saga.PARKED else "waiting"


def _parts(saga: Saga) -> list[Part]:
    steps = saga.steps.filter(name__in=PARTS).order_by("position")
    done = (Status.DONE, Status.SKIPPED)
    return [Part(PARTS[each.name], each.status in done) for each in steps]
