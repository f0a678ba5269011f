"""A plan as its page tells it: what it changes, by which rules, how far it is, and each change."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max

from integrity.audit import subject_of
from integrity.conf import config
from integrity.models import AuditEntry, PlannedChange, RepairPlan
from integrity.repair.declare import DESTRUCTIVE, Kind, repairs
from integrity.repair.preview import masked, undo_of
from integrity.repair.preview import subject_of as name_of
from integrity.repair.standing import Standing
from integrity.repair.worker import CANARIES, MAX_UNFIT

State, Action = RepairPlan.State, PlannedChange.Action
CHUNKS = ("integrity.repair_chunk_applied", "integrity.repair_chunk_undone")
DOES = {
    Action.INSERT: "insert",
    Action.UPDATE: "update",
    Action.DELETE: "delete",
    Action.PERFORM: "mend",
}
STAGES = ("Planned", "Approved", "Applied", "Checked", "Undone")
# How far each state has come: the stages behind it, and the one it is at.
REACHED = {
    State.DRAFT: 1,
    State.EXPIRED: 1,
    State.APPROVED: 2,
    State.RUNNING: 2,
    State.FAILED: 2,
    State.CANCELLED: 2,
    State.APPLIED: 3,
    State.UNDOING: 4,
    State.UNDONE: 5,
}


@dataclass(frozen=True)
class Total:
    """How many rows of one table are written, and how."""

    does: str
    count: int
    table: str

    def __str__(self) -> str:
        rows = "row" if self.count == 1 else "rows"
        where = f" of {self.table}" if self.table else ""
        return f"{self.does} {self.count:,} {rows}{where}"


def totals(plan: RepairPlan) -> list[Total]:
    counted = (
        PlannedChange.objects.filter(plan=plan)
        .values_list("action", "table")
        .annotate(count=Count("*"))
        .order_by("action", "table")
    )
    return [Total(does(plan, action), count, table) for action, table, count in counted]


def does(plan: RepairPlan, action: str) -> str:
    """What happens to the row; one that is set aside is deleted, and kept in the journal."""
    if action == Action.DELETE and plan.kind == Kind.QUARANTINE:
        return "set aside"
    return DOES[Action(action)]


def in_words(plan: RepairPlan) -> str:
    """`Insert 2 rows of accounts_profile`: what a button says before it is pressed."""
    text = ", ".join(str(each) for each in totals(plan))
    return text[:1].upper() + text[1:]


def stages(plan: RepairPlan) -> list[dict[str, Any]]:
    reached = REACHED[State(plan.state)]
    if plan.state == State.APPLIED and plan.verdict:
        reached = 4
    shown = STAGES if plan.state in (State.UNDOING, State.UNDONE) else STAGES[:4]
    return [
        {"title": title, "done": number < reached, "here": number == reached}
        for number, title in enumerate(shown)
    ]


def rules(now: Standing) -> list[tuple[str, str]]:
    """By what the engine abides, for this plan, in words."""
    plan = now.plan
    found = [("Limit", _limit(plan)), ("Approval", _approval(plan))]
    if plan.subject_model:
        first, then = CANARIES
        found += [
            (
                "First rows",
                f"It begins with {first} row, then {then}, and looks each time whether they hold"
                " now. If not, it stops, and nothing of that chunk is kept.",
            )
        ]
    share = f"{MAX_UNFIT:.0%}"
    found += [
        (
            "Changed rows",
            "A row that has changed since the plan is skipped, and listed. With more than"
            f" {share} of them it doesn't begin, or stops.",
        ),
        ("Chunks", "Each chunk is written whole, with its journal and its audit entry."),
        ("Undo", _undo(now)),
    ]
    return found


def _limit(plan: RepairPlan) -> str:
    if plan.repair not in repairs:
        return "The repair is no longer declared."
    rows, percent = repairs.get(plan.repair).max_affected
    allowed = f"At most {rows:,} rows, or {percent:g} % of a table of 100 rows and more."
    here = f"This one is about {plan.subjects:,}"
    here += f" of {plan.rows:,} rows." if plan.rows else "."
    return f"{allowed} {here}" + (" That is above its limit." if plan.over_limit else "")


def _approval(plan: RepairPlan) -> str:
    if not plan.needs_second_person:
        return "By anybody who may approve, also by who planned it."
    why = "it takes rows away" if plan.kind in DESTRUCTIVE else "it is declared so"
    why = "it is above its limit" if plan.over_limit else why
    if not config().second_person:
        return f"Another project would ask for a second person, as {why}; here it is switched off."
    return f"By a second person, not by who planned it, as {why}."


def no_undo(plan: RepairPlan) -> str:
    """Why it can't be undone, if so."""
    if plan.irreversible:
        return "It cannot be undone."
    if plan.undo_refusal:
        return (
            f"It cannot be undone: that would break {plan.undo_refusal}, which the database keeps."
        )
    return ""


def _undo(now: Standing) -> str:
    plan = now.plan
    if reason := no_undo(plan):
        return reason
    if plan.state == State.UNDONE:
        return "It was undone."
    if plan.state == State.CANCELLED and not plan.applied:
        return "It has changed nothing."
    if plan.undo_until:
        return f"Possible {undo_of(plan)}, for rows that nobody has edited since."
    return f"Possible for {config().undo_days:g} days, for rows that nobody has edited since."


def pace(now: Standing) -> dict[str, Any]:
    """How far it is, how fast, and how long it will take, by the chunks that are committed."""
    plan, run = now.plan, now.run
    undoing = plan.state == State.UNDOING
    done = plan.subjects - plan.cursor if undoing else plan.cursor
    found = {"done": done, "total": plan.subjects, "percent": done * 100 // (plan.subjects or 1)}
    if run is None:
        return found
    entries = AuditEntry.objects.filter(
        subject=subject_of(plan), verb__in=CHUNKS, at__gte=run.started_at
    )
    latest = list(entries.order_by("-pk")[:20])
    found["chunks"] = entries.count()
    if len(latest) > 1:
        seconds = (latest[0].at - latest[-1].at).total_seconds()
        rows = sum(each.detail["upto"] - each.detail["after"] for each in latest[:-1])
        if seconds > 0 and rows:
            found["rate"] = rows / seconds
            found["left"] = (plan.subjects - done) * seconds / rows
    return found


def changes(
    plan: RepairPlan, rows: Sequence[PlannedChange], *, as_is: bool
) -> Iterator[dict[str, Any]]:
    show = _as_is if as_is else _masked
    for each in rows:
        key = list(each.key.values()) if isinstance(each.key, dict) else each.key
        yield {
            "place": each.position,
            "subject": name_of(plan, each.subject),
            "does": does(plan, each.action),
            "row": f"{each.table}:{':'.join(str(part) for part in key)}" if each.table else "",
            "fields": list(_fields(each, show)),
            "state": each.get_state_display(),
            "tone": each.state,
            "error": each.error,
        }


def _as_is(value: Any) -> str:
    if value is None:
        return "(nothing)"
    return "(empty)" if value == "" else str(value)


def _masked(value: Any) -> str:
    return _as_is(value) if value in (None, "") else masked(value)


def _fields(each: PlannedChange, show: Callable[[Any], str]) -> Iterator[dict[str, str | None]]:
    """Field by field: what is there, and what will be."""
    before, after = each.before or {}, {**each.change, **each.assigned}
    if each.action == Action.DELETE:
        before = {name: value for name, value in before.items() if value is not None}
        names: Sequence[str] = list(before)
    else:
        names = list(after)
    for name in names:
        yield {
            "name": name,
            "before": show(before[name]) if name in before else None,
            "after": show(after[name]) if name in after else None,
        }


def last_place(plan: RepairPlan) -> int:
    found = PlannedChange.objects.filter(plan=plan, state=PlannedChange.State.APPLIED)
    place: int | None = found.aggregate(last=Max("position"))["last"]
    return place or 0
