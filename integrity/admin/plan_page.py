"""What a plan's page asks the database for: who sees values, what was edited, what was checked."""

from datetime import datetime, timedelta
from typing import Any

from django.db import Error
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from integrity.admin.finding_filters import identity
from integrity.admin.plan_words import last_place
from integrity.audit import subject_of
from integrity.conf import config
from integrity.heartbeats import WORKER
from integrity.models import AuditEntry, Heartbeat, PlannedChange, RepairPlan, RunResult
from integrity.repair.approve import waits_for_another_than
from integrity.repair.plan import prepare_session
from integrity.repair.preview import subject_of as name_of
from integrity.repair.standing import Standing
from integrity.repair.undoing import edited_since
from integrity.repair.writing import Span
from integrity.transactions import snapshot

ChangeState = PlannedChange.State
CHECKED, CHECKED_WITHIN = (RepairPlan.State.APPLIED, RepairPlan.State.UNDONE), timedelta(minutes=1)
LISTED = 20
REVEALED, REVEALED_FOR = "integrity.repair_revealed", timedelta(minutes=10)
NOBODY_WORKS = (
    "It waits, and no worker gave a sign of life lately. Start one, or do it yourself in a shell: "
)
FOR_CRON = (
    "It waits a quarter of an hour for the next `manage.py integrity queued`. Or do it yourself in"
    " a shell: "
)


def planner_waits(plan: RepairPlan, request: HttpRequest) -> bool:
    """Who looks planned it, and somebody else has to approve it."""
    return waits_for_another_than(plan, kind="operator", id=identity(request))


def is_revealed(plan: RepairPlan, request: HttpRequest) -> bool:
    mine = AuditEntry.objects.filter(
        verb=REVEALED, subject=subject_of(plan), actor_id=identity(request)
    )
    return mine.filter(at__gt=Now() - REVEALED_FOR).exists()


def helpless(plan: RepairPlan) -> str:
    """What to say where no worker is known to live."""
    if not config().repair_doorbell:
        return f"{FOR_CRON}manage.py integrity resume {plan.uid}"
    alive = Heartbeat.objects.filter(
        name=WORKER, at__gte=Now() - timedelta(seconds=config().silence)
    )
    if alive.exists():
        return ""
    return f"{NOBODY_WORKS}manage.py integrity resume {plan.uid}"


def states_of(plan: RepairPlan) -> list[tuple[str, str, int]]:
    """Where the changes have come to different ends: each state, and how many are in it."""
    applied = plan.applied - plan.undone - plan.conflicts
    counts = {
        ChangeState.APPLIED: applied,
        ChangeState.STALE: plan.stale,
        ChangeState.FAILED: plan.failed,
        ChangeState.UNDONE: plan.undone,
        ChangeState.CONFLICT: plan.conflicts,
    }
    return [(str(state), state.label, count) for state, count in counts.items() if count]


def check_after(now: Standing) -> RunResult | None:
    """The check that followed it, or its undo where it is undone."""
    ended = _ended_at(now)
    if ended is None:
        return None
    later = RunResult.objects.filter(invariant=now.plan.invariant, at__gte=ended)
    return later.select_related("run").order_by("at").first()


def awaits_its_check(now: Standing) -> bool:
    """Whoever did the work checks it next. Had they died in between, nothing would come any more."""
    ended = _ended_at(now)
    if ended is None or now.plan.verdict or now.plan.state not in CHECKED:
        return False
    return ended > timezone.now() - CHECKED_WITHIN


def _ended_at(now: Standing) -> datetime | None:
    if now.plan.state == RepairPlan.State.UNDONE and now.run:
        return now.run.finished_at
    return now.plan.finished_at


def undo_panel(plan: RepairPlan) -> dict[str, Any]:
    """What was edited since, which an undo leaves as it is; listed, as far as a page may be long."""
    if not plan.subject_model:
        return {"plan": plan, "compared": False}
    try:
        with snapshot(statement_timeout=5.0):
            prepare_session()
            count, places = edited_since(Span(plan.pk, 0, last_place(plan)), limit=LISTED)
    except Error:
        return {"plan": plan, "compared": False}
    edited = PlannedChange.objects.filter(plan=plan, position__in=places).order_by("position")
    names = dict.fromkeys(name_of(plan, each.subject) for each in edited)
    return {"plan": plan, "compared": True, "edited": count, "names": list(names)}
