"""Repairs that a function performs: switch a trigger on, promise an effect. One subject at a time."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from integrity.models import PlannedChange, RepairPlan
from integrity.repair import problems
from integrity.repair.declare import Repair
from integrity.transactions import transaction_required

State = PlannedChange.State


@dataclass(frozen=True)
class Deed:
    """One thing to do, as plain data.

    Args:
        subject: what is mended, as the finding names it.
        before: how it is.
        after: how it should be.
    """

    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class Action(Repair):
    """A repair by a function, which runs in the chunk's transaction: no network.

    Args:
        observe: what is to be done now; asked again before each is done.
        perform: does one, or promises an effect that does it.
        undo: puts one back; without it, say irreversible.
    """

    observe: Callable[[], Iterable[Deed]]
    perform: Callable[[Deed], None]
    undo: Callable[[Deed], None] | None = None

    def problems(self) -> Iterator[CheckMessage]:
        yield from super().problems()
        if self.undo is None and not self.irreversible:
            yield problems.irrevocable(self)


def plan_actions(
    action: Action, plan: RepairPlan, subjects: Collection[str] | None, limit: int | None
) -> None:
    deeds = [each for each in action.observe() if subjects is None or each.subject in subjects]
    for position, deed in enumerate(deeds[:limit], 1):
        with connection.cursor() as cursor:
            cursor.execute(_PLAN, {"plan": plan.pk, "position": position, **_plain(deed)})


def _plain(deed: Deed) -> dict[str, str]:
    parts = {"subject": [deed.subject], "before": deed.before, "change": deed.after}
    return {name: json.dumps(part, cls=DjangoJSONEncoder) for name, part in parts.items()}


def count_to_do(action: Action, plan: RepairPlan) -> int:
    """How many planned deeds are still to be done, as they were planned."""
    now = {each.subject: _as_json(each.before) for each in action.observe()}
    planned = PlannedChange.objects.filter(plan=plan).order_by("position")
    return sum(now.get(each.subject[0]) == each.before for each in planned)


@transaction_required
def perform(action: Action, plan: RepairPlan, *, after: int, upto: int) -> tuple[int, int]:
    """Do what is still to be done. Returns how much of it was, and how much no longer is."""
    now = {each.subject: each for each in action.observe()}
    chosen = PlannedChange.objects.filter(
        plan=plan, position__gt=after, position__lte=upto, state=State.PLANNED
    )
    applied = stale = 0
    for change in chosen.order_by("position"):
        deed = now.get(change.subject[0])
        if deed is None or _as_json(deed.before) != change.before:
            stale += _mark(change, State.STALE)
            continue
        action.perform(Deed(deed.subject, deed.before, change.change))
        applied += _mark(change, State.APPLIED, after=change.change)
    return applied, stale


@transaction_required
def take_back(action: Action, plan: RepairPlan, *, after: int, upto: int) -> tuple[int, int]:
    """Undo what was performed. Whether it was changed since is for the function to refuse."""
    assert action.undo is not None
    done = PlannedChange.objects.filter(
        plan=plan, position__gt=after, position__lte=upto, state=State.APPLIED
    )
    undone = 0
    for change in done.order_by("-position"):
        action.undo(Deed(change.subject[0], change.before or {}, change.change))
        undone += _mark(change, State.UNDONE)
    return undone, 0


def _mark(change: PlannedChange, state: str, **values: Any) -> int:
    same = PlannedChange.objects.filter(
        plan_id=change.plan_id, position=change.position, step=change.step
    )
    return same.update(state=state, **values)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


_PLAN = """
INSERT INTO integrity_plannedchange (
    plan_id, position, step, subject, "table", key, action, before, change, assigned, hash
)
SELECT %(plan)s, %(position)s, 1, %(subject)s::jsonb, '', %(subject)s::jsonb, 'perform',
    %(before)s::jsonb, %(change)s::jsonb, '{}', sha256(convert_to(
        concat_ws(chr(31), %(position)s, %(subject)s, %(before)s, %(change)s), 'UTF8'))
"""
