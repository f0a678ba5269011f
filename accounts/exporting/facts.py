"""How far the copy of somebody's data is, in words for them."""

from dataclasses import dataclass
from datetime import datetime

from accounts.exporting.copies import KIND, ready_export
from accounts.exporting.steps import TOO_LARGE
from accounts.models import Export, User
from integrity.models import Saga, SagaStep

State = Saga.State
# Of each step, what is done in it.
DOING = {
    "begin": "Beginning",
    "ask_stripe": "Asking Stripe what it keeps of you",
    "ask_resend": "Asking Resend what it keeps of you",
    "ask_supabase": "Asking Supabase what it keeps of you",
    "collect": "Collecting what you have here",
    "write": "Writing the file",
}


@dataclass(frozen=True)
class Progress:
    """Which step it is at, counted from 1, and of how many."""

    step: int
    of: int
    doing: str


@dataclass(frozen=True)
class ExportFacts:
    """
    Attributes:
        ready: what may be downloaded, whatever else is under way.
        stage: of the newest that was asked for: `making`, `looked_at` (by a person, and not made
            meanwhile), `clearing` (could not be made, and what was collected is taken away),
            `failed`, `ended` (by a person), `over` (it was there for a week), or nothing.
        progress: of one that is `making`.
        is_late: a service doesn't answer, and is asked again.
        why: it `failed`: `too_large`, `no_answer` (of a service), `refused` (by one, or by us).
    """

    ready: Export | None
    stage: str
    progress: Progress | None = None
    is_late: bool = False
    why: str = ""
    over_at: datetime | None = None

    @property
    def is_on_its_way(self) -> bool:
        """Whether the next look may show something else, though nobody has done anything."""
        return self.stage in ("making", "clearing")

    @property
    def may_ask(self) -> bool:
        return self.stage not in ("making", "clearing", "looked_at")


def export_facts(user: User) -> ExportFacts:
    sagas = Saga.objects.filter(kind=KIND, subject=str(user.uid))
    newest, ready = sagas.order_by("-created_at").first(), ready_export(user)
    if newest is None:
        return ExportFacts(ready, "")
    stage = _stage(newest, ready)
    asking = newest.steps.filter(position=newest.position).exclude(provider="")
    return ExportFacts(
        ready=ready,
        stage=stage,
        progress=_progress(newest) if stage == "making" else None,
        is_late=newest.first_failed_at is not None and asking.exists(),
        why=_why(newest) if stage in ("clearing", "failed") else "",
        over_at=newest.finished_at,
    )


def _stage(saga: Saga, ready: Export | None) -> str:
    match saga.state:
        case State.RUNNING:
            return "making"
        case State.COMPENSATING:
            return "clearing"
        case State.COMPENSATED:
            return "failed"
        case State.COMPLETED:
            return "" if ready else "over"
        case State.RESOLVED:
            return "ended"
    return "looked_at"


def _progress(saga: Saga) -> Progress:
    steps = list(SagaStep.objects.filter(saga=saga).order_by("position"))
    return Progress(saga.position + 1, len(steps), DOING.get(steps[saga.position].name, ""))


def _why(saga: Saga) -> str:
    """By the last thing that went wrong on the way forward."""
    failed = saga.events.filter(event="step_failed").order_by("-id").first()
    if failed is None:
        return ""
    if failed.detail.get("error") == TOO_LARGE:
        return "too_large"
    return "refused" if failed.detail.get("error_class") == "refused" else "no_answer"
