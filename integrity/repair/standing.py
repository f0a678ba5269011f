"""How a plan stands now: what is true of it, what can be done with it, and what to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from integrity.conf import config
from integrity.models import PlannedChange, RepairPlan, Run
from integrity.repair.approve import takes_second_person
from integrity.repair.trial import LARGEST

State, RunState = RepairPlan.State, Run.State
ASKED = {RunState.PAUSING: "pause", RunState.CANCELLING: "give up"}


@dataclass(frozen=True)
class Standing:
    """A plan, the run that is or was at work on it, and the time at which this was asked."""

    plan: RepairPlan
    run: Run | None
    at: datetime

    @property
    def active(self) -> bool:
        """A run is queued, paused or at work."""
        return self.run is not None and self.run.finished_at is None

    @property
    def expired(self) -> bool:
        return self.plan.has_expired(self.at)

    @property
    def waiting(self) -> bool:
        return self.active and self.run_state == RunState.QUEUED

    @property
    def unclaimed(self) -> bool:
        """It waited for a worker in vain."""
        until = self.run.lease_until if self.run else None
        return self.waiting and (until is None or until < self.at)

    @property
    def silent(self) -> bool:
        """Its process gave no sign of life for a lease's time."""
        if self.run is None or self.run_state in (RunState.QUEUED, RunState.PAUSED):
            return False
        return self.active and self.run.heartbeat_at < self.at - _lease()

    @property
    def run_state(self) -> str:
        return self.run.state if self.run else ""

    @property
    def working(self) -> bool:
        """The page changes by itself."""
        return self.active and self.run_state != RunState.PAUSED and not self.silent

    @property
    def undoable(self) -> bool:
        plan = self.plan
        if plan.state not in (State.APPLIED, State.FAILED, State.CANCELLED):
            return False
        if plan.irreversible or plan.undo_refusal or plan.undo_until is None:
            return False
        return plan.undo_until >= self.at and _has_applied(plan)

    def verbs(self) -> list[str]:
        """What may be done with it, by somebody who may."""
        possible = {
            "approve": self.plan.state == State.DRAFT and not self.expired,
            "apply": self.plan.state == State.APPROVED and not self.expired,
            "trial": self._fresh and not self.expired and self.plan.subjects <= LARGEST,
            "resume": self._resumable,
            "pause": self.active and self.run_state in (RunState.QUEUED, RunState.RUNNING),
            "undo": self.undoable,
            "cancel": (self._fresh and not self.expired)
            or (self.active and self.run_state != RunState.CANCELLING),
            "force_pause": self.silent and self.run_state in (RunState.RUNNING, RunState.PAUSING),
            "force_cancel": self.silent,
        }
        return [name for name, now in possible.items() if now]

    @property
    def _fresh(self) -> bool:
        return self.plan.state in RepairPlan.FRESH

    @property
    def _resumable(self) -> bool:
        if self.active:
            return self.run_state == RunState.PAUSED or self.silent or self.unclaimed
        return self.plan.state in (*RepairPlan.AT_WORK, State.FAILED)


def standing_of(plan: RepairPlan) -> Standing:
    run = Run.objects.filter(uid=plan.run).first() if plan.run else None
    return Standing(plan, run, timezone.now())


def _lease() -> timedelta:
    return timedelta(seconds=config().run_lease)


def _has_applied(plan: RepairPlan) -> bool:
    return PlannedChange.objects.filter(plan=plan, state=PlannedChange.State.APPLIED).exists()


def sentence(now: Standing) -> str:
    """What is true now, and what to do next."""
    if now.active:
        return _of_run(now)
    return _SENTENCES[State(now.plan.state)](now)


def _of_run(now: Standing) -> str:
    if now.unclaimed:
        return "No worker took it within a quarter of an hour, and none will. Resume it."
    if now.silent:
        return (
            "Its process gave no sign of life for a while. What is committed is whole. Resume it,"
            " or, when the process is surely gone, force it to stop."
        )
    return _of_state(now)


def _of_state(now: Standing) -> str:
    match now.run_state:
        case RunState.QUEUED:
            return "It waits for a worker, which takes it within seconds."
        case RunState.PAUSED:
            return "Paused between two chunks. What is done is whole. Resume it, or cancel it."
        case RunState.PAUSING | RunState.CANCELLING as asked:
            return f"A worker is at it, and was asked to {ASKED[asked]} after the chunk in hand."
    return "A worker is at it."


def _draft(now: Standing) -> str:
    if now.expired:
        return _too_old(now)
    if now.plan.apply_refusal:
        return (
            "Nothing is changed yet. Its first row was tried, and refused by"
            f" {now.plan.apply_refusal}: applying it would come to nothing."
        )
    who = "a second person: not who planned it" if takes_second_person(now.plan) else "an approval"
    return f"Nothing is changed yet. It waits for {who}, and begins by {_clock(now)} or not at all."


def _approved(now: Standing) -> str:
    if now.expired:
        return _too_old(now)
    return f"Nothing is changed yet. It is approved. Apply it by {_clock(now)}."


def _too_old(now: Standing) -> str:
    return f"Nothing was changed. It had to begin by {_clock(now)}. Plan again."


def _clock(now: Standing) -> str:
    return f"{now.plan.expires_at:%H:%M} UTC"


def _applied(now: Standing) -> str:
    plan = now.plan
    words = [f"Done: {plan.applied:,} of {plan.changes:,} changes."]
    left = [
        f"{count:,} {why}"
        for count, why in (
            (plan.stale, "skipped, as the rows had changed since the plan"),
            (plan.failed, "refused by the database"),
        )
        if count
    ]
    words += [f"Not done: {', '.join(left)}."] if left else []
    words += [_VERDICTS.get(plan.verdict, _VERDICTS[""])]
    return " ".join(words)


def count_changes(count: int) -> str:
    return f"{count:,} change" if count == 1 else f"{count:,} changes"


def _put_back(count: int) -> str:
    return f"{count_changes(count)} {'was' if count == 1 else 'were'} put back"


def _undone(now: Standing) -> str:
    plan = now.plan
    words = f"Undone: {_put_back(plan.undone)}."
    if plan.conflicts:
        words += f" Edited since, and left as they are: {plan.conflicts:,}."
    return f"{words} {_VERDICTS_OF_UNDO.get(plan.verdict, _VERDICTS[''])}"


def _cancelled(now: Standing) -> str:
    plan = now.plan
    if not plan.applied:
        return "Given up before anything was changed."
    if not plan.undone:
        return f"Given up. What was done stays: {count_changes(plan.applied)}. {_what_of_undo(now)}"
    left = plan.applied - plan.undone
    words = f"Its undo stopped: {_put_back(plan.undone)}, and {left:,} stay."
    return f"{words} {'Undo it again for the rest.' if now.undoable else _what_of_undo(now)}"


def _failed(now: Standing) -> str:
    return (
        f"It stopped after {now.plan.applied:,} of {now.plan.changes:,} changes, which are whole."
        f" Resume it when the cause is gone, or plan again. {_what_of_undo(now)}"
    )


def _what_of_undo(now: Standing) -> str:
    return "They can be undone." if now.undoable else "They can't be undone."


_VERDICTS = {
    "holds": "The check after it found that the invariant holds.",
    "broken": "The check after it found that the invariant is still broken. Plan again for the rest.",
    "unknown": "The check after it could not tell. Check the invariant again.",
    "": "The invariant was not checked yet.",
}
_VERDICTS_OF_UNDO = {
    **_VERDICTS,
    "broken": "The check after it found that the invariant is broken.",
}
_SENTENCES = {
    State.DRAFT: _draft,
    State.APPROVED: _approved,
    State.EXPIRED: _too_old,
    State.APPLIED: _applied,
    State.UNDONE: _undone,
    State.CANCELLED: _cancelled,
    State.FAILED: _failed,
    # Their run has ended without them: whoever resumes it goes on.
    State.RUNNING: _failed,
    State.UNDOING: _failed,
}
