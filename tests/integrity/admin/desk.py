"""Findings, runs and operators for the tests of the operators' pages."""

from datetime import timedelta
from uuid import uuid4

from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from integrity.models import Finding, RepairPlan, Run, RunResult
from tests.factories import OperatorFactory

State = Finding.State
IN_DIALOG = {"HX-Request": "true"}


def operator(*permissions):
    """May do exactly this."""
    user = OperatorFactory(is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    return user


def finding(state=State.OPEN, **values):
    now = timezone.now()
    seen = values.pop("seen", now)
    times = {"first_seen_at": seen, "present_since": seen, "last_seen_at": now}
    if state in (State.SNOOZED, State.FALSE_POSITIVE):
        values.setdefault("until", now + timedelta(days=1))
    if state == State.RESOLVED:
        values.setdefault("resolved_at", now)
    if state != State.SUSPECTED:
        values.setdefault("opened_at", seen)
    key = uuid4()
    defaults = {"invariant": "toy.holds", "subject": f"toy.book:{key}", "severity": 3}
    made = Finding.objects.create(
        **defaults | times | values,
        fingerprint=key.hex,
        state=state,
        first_run=key,
        last_run=key,
    )
    made.refresh_from_db()
    return made


def run(results=(), *, ago=timedelta(), **values):
    """`results` are (invariant, result, count)."""
    at = timezone.now() - ago
    made = Run.objects.create(
        **{
            "uid": uuid4(),
            "kind": "check",
            "scope": "all",
            "state": "succeeded",
            "status": "healthy",
            "complete": True,
            "actor_kind": "task",
            "actor_id": "integrity.tasks.sweep",
            "started_at": at,
            "heartbeat_at": at,
            "finished_at": at,
        }
        | values
    )
    for name, result, count in results:
        RunResult.objects.create(
            run=made,
            invariant=name,
            severity=3,
            result=result,
            complete=True,
            count=count,
            seconds=0.1,
            at=at,
        )
    return made


def repair_plan(state="draft", **values):
    """A plan that changes nothing, as a page finds it; `begun` gives it a run in that state."""
    soon = timezone.now() + timedelta(minutes=30)
    begun = values.pop("begun", "")
    at_work = run(kind="repair", state=begun, scope="toy.mend", finished_at=None) if begun else None
    approved = {} if state == "draft" else {"approved_at": timezone.now()}
    defaults = {
        "repair": "toy.mend",
        "invariant": "toy.holds",
        "kind": "update",
        "subject_model": "toy.page",
        "hash": "abc",
        "needs_second_person": False,
        "irreversible": False,
        "expires_at": soon,
        "undo_until": soon,
        "created_by_kind": "operator",
        "created_by_id": "ada",
        "run": at_work and at_work.uid,
    }
    made = RepairPlan.objects.create(**defaults | approved | values, state=state)
    made.refresh_from_db()
    return made


def form(reason="seen it", **fields):
    return {"operation": uuid4(), "reason": reason, **fields}


def page(name, *place):
    return reverse(f"admin:integrity_{name}", args=place)


def text(answer):
    return " ".join(answer.content.decode().split())
