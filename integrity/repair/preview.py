"""A plan in words: its facts, and its changes with the values masked unless they are revealed."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.models import PlannedChange, RepairPlan
from integrity.repair.approve import locked
from integrity.repair.errors import NotFound

State = RepairPlan.State


def find_plan(uid: UUID) -> RepairPlan:
    """Raises NotFound."""
    plan = RepairPlan.objects.filter(uid=uid).first()
    if plan is None:
        raise NotFound(f"There is no plan {uid}.")
    return plan


def facts(plan: RepairPlan) -> dict[str, Any]:
    return {
        "plan": plan.uid,
        "repair": plan.repair,
        "invariant": plan.invariant,
        "state": plan.state_now,
        "hash": plan.hash,
        "violating_rows": plan.subjects,
        "changes": plan.changes,
        "applied": plan.applied,
        "stale": plan.stale,
        "failed": plan.failed,
        "undone": plan.undone,
        "conflicts": plan.conflicts,
        "verdict": plan.verdict or None,
        "approval": _approval(plan),
        "undo": undo_of(plan),
        "obstacles": "; ".join(plan.obstacles) or None,
        "refused": plan.apply_refusal or None,
        "may_start_until": _time(plan.expires_at),
        "error": plan.error or None,
    }


def _approval(plan: RepairPlan) -> str:
    if plan.approved_at:
        return f"by {plan.approved_by_kind} {plan.approved_by_id}: {plan.approve_reason}"
    if not plan.needs_second_person:
        return "needed"
    return "needed, by a second person" + (": above its limit" if plan.over_limit else "")


def undo_of(plan: RepairPlan) -> str:
    """Whether it can be undone, as far as is known."""
    if plan.state == State.UNDONE:
        return "done"
    if plan.state_now in (State.CANCELLED, State.EXPIRED) and not plan.applied:
        return "none: it has changed nothing"
    if plan.irreversible:
        return "none: it is irreversible"
    if plan.undo_refusal:
        return f"none: it would break {plan.undo_refusal}"
    return f"until {_time(plan.undo_until)}" if plan.undo_until else "possible"


def _time(at: Any) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else None


def changes_of(
    plan: RepairPlan, *, state: str = "", after: int = 0, limit: int = 20, reveal: bool = False
) -> list[dict[str, Any]]:
    """The changes behind a position, in order."""
    chosen = PlannedChange.objects.filter(plan=plan, position__gt=after)
    if state:
        chosen = chosen.filter(state=state)
    return [
        _line(plan, each, str if reveal else masked)
        for each in chosen.order_by("position", "step")[:limit]
    ]


def _line(plan: RepairPlan, each: PlannedChange, shown: Callable[[Any], str]) -> dict[str, Any]:
    before = each.before or {}
    parts = [
        f"{name}: {shown(before[name])} → {shown(value)}"
        if name in before
        else f"{name}: {shown(value)}"
        for name, value in each.change.items()
    ]
    return {
        "subject": subject_of(plan, each.subject),
        "action": each.action,
        "table": each.table,
        "key": ":".join(str(part) for part in _values(each.key)),
        "change": ", ".join(parts) or None,
        "state": each.state,
        "error": each.error or None,
    }


def _values(key: Any) -> Sequence[Any]:
    return list(key.values()) if isinstance(key, dict) else key


def subject_of(plan: RepairPlan, subject: list[Any]) -> str:
    """As a finding names it."""
    key = ":".join(str(part) for part in subject)
    return f"{plan.subject_model}:{key}" if plan.subject_model else key


def masked(value: Any) -> str:
    """Numbers and truth values as they are; of a text its first letter and its length; of a list
    or an object, which may hold any text, its length alone."""
    if isinstance(value, list | dict):
        return f"… ({len(value)})"
    if not isinstance(value, str) or not value:
        return str(value)
    return f"{value[0]}… ({len(value)})"


@flow("integrity.reveal_repair")
def note_reveal(*, plan: UUID, by: Actor) -> None:
    """Somebody looks at the values themselves."""
    audit("integrity.repair_revealed", by=by, subject=locked(plan))
