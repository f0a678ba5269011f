"""Plan a repair: store what would be done to each row, and find out what undoing it would break."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, InternalError, connection

from integrity.audit import Actor, audit
from integrity.conf import config
from integrity.flows import claim_operation, flow
from integrity.invariants.references import Inconclusive, count_references, refuse_doubtful
from integrity.invariants.violations import Tables
from integrity.models import RepairPlan
from integrity.repair.actions import Action, plan_actions
from integrity.repair.candidates import candidates
from integrity.repair.changes import draws, named_keys, planned, steps_of, violating
from integrity.repair.declare import Repair, RowRepair, repairs
from integrity.repair.errors import Refused, declared_right
from integrity.repair.undoing import unwrite
from integrity.repair.writing import RowsMoved, Span, write
from integrity.sqlstate import constraint_name, without_values
from integrity.transactions import check_deferred, rehearsal, savepoint

SQL = Path(__file__).parents[1] / "sql"
# From here on the planner is told what the plan looks like.
ANALYZED_FROM = 1000
BROKEN_PROMISES = (IntegrityError, InternalError, DataError)
ACTORS = ("operator", "command", "task")


class NothingToRepair(Refused):
    """No row that the repair may touch breaks the invariant now."""


@flow("integrity.plan_repair", statement_timeout=900.0, lock_timeout=5.0)
def plan_repair(
    *,
    repair: str,
    by: Actor,
    subjects: Collection[str] | None = None,
    limit: int | None = None,
    operation: str = "",
) -> RepairPlan:
    """Store the changes that the repair would make now. No row of the project is changed.

    1. Refuse while the invariant's guard is in doubt.
    2. Store a change for each row, its image before, and a hash over the whole.
    3. Rehearse the first row and its undo, and take both back.

    Args:
        subjects: the keys of violating rows, as findings show them; all, when None.
        limit: plan no more violating rows than this.

    Raises:
        UnknownName: there is no such repair.
        NothingToRepair, Refused
    """
    claim_operation(operation)
    mending = repairs.get(repair)
    if by.kind not in ACTORS:
        raise Refused(f"Repairs are for operators, commands and tasks, not for a {by.kind}.")
    if subjects is not None and not subjects:
        raise NothingToRepair(NothingToRepair.__doc__)
    with declared_right(repair):
        _refuse_doubtful(mending)
        prepare_session()
        plan = _insert(mending, by)
        if isinstance(mending, RowRepair):
            _store(mending, plan, subjects, limit)
        else:
            assert isinstance(mending, Action)
            plan_actions(mending, plan, subjects, limit)
        _measure(mending, plan)
        _rehearse(mending, plan)
    audit("integrity.repair_planned", by=by, subject=plan, detail=_detail(plan))
    return plan


def prepare_session() -> None:
    """Images of rows are compared as JSON, and times look as the session's zone says.

    A chunk is a small part of its tables, which are better probed than read.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('TimeZone', 'UTC', true), set_config('random_page_cost', '1.1', true)"
        )


def _refuse_doubtful(repair: Repair) -> None:
    declared = repair.declared
    try:
        refuse_doubtful(declared, count_references(declared, Tables()))
    except Inconclusive as doubt:
        raise Refused(f"{declared.name} is inconclusive, so it is not repaired: {doubt}") from doubt


def _insert(repair: Repair, by: Actor) -> RepairPlan:
    now = _now()
    return RepairPlan.objects.create(
        repair=repair.name,
        invariant=repair.invariant,
        kind=repair.kind,
        subject_model=repair.subject_label,
        created_at=now,
        expires_at=now + timedelta(seconds=config().repair_start_within),
        created_by_kind=by.kind,
        created_by_id=by.id,
        needs_second_person=repair.needs_second_person,
        irreversible=repair.irreversible,
        obstacles=[each.text for each in repair.obstacles()],
    )


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
        return now


def _store(
    repair: RowRepair, plan: RepairPlan, subjects: Collection[str] | None, limit: int | None
) -> None:
    steps, rows = steps_of(repair), candidates(repair)
    if subjects is not None:
        rows = rows.filter(pk__in=[primary_key(rows.model, each) for each in subjects])
    sql, parameters = violating(steps, rows, at=plan.created_at, limit=limit)
    keys = named_keys(rows.model)
    drawn = "".join(f", {each}" for each in draws(steps))
    statement = _STORE.format(
        pk=keys, violating=sql, drawn=drawn, planned=planned(steps, drawing=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, plan.pk])
        if cursor.rowcount >= ANALYZED_FROM:
            cursor.execute("ANALYZE integrity_plannedchange")


def primary_key(model: Any, text: str) -> Any:
    """A key as findings write it, as the value of the model's primary key."""
    parts = model._meta.pk_fields
    texts = text.rpartition(f"{model._meta.label_lower}:")[2].split(":", len(parts) - 1)
    if len(texts) != len(parts):
        raise Refused(f"{text!r} is no key of {model._meta.label}.")
    try:
        values = tuple(part.to_python(each) for part, each in zip(parts, texts, strict=True))
    except ValidationError:
        raise Refused(f"{text!r} is no key of {model._meta.label}.") from None
    return values if len(values) > 1 else values[0]


def _measure(repair: Repair, plan: RepairPlan) -> None:
    changes, subjects = _ask(_COUNT, plan.pk)
    if not changes:
        raise NothingToRepair(NothingToRepair.__doc__)
    plan.changes, plan.subjects, plan.hash = changes, subjects, hash_of(plan)
    plan.rows = repair.subject()._base_manager.count() if isinstance(repair, RowRepair) else 0
    plan.over_limit = _is_over(repair, plan)
    plan.needs_second_person |= plan.over_limit
    plan.save(
        update_fields=["changes", "subjects", "hash", "rows", "over_limit", "needs_second_person"]
    )


def _is_over(repair: Repair, plan: RepairPlan) -> bool:
    rows, percent = repair.max_affected
    share = plan.rows >= 100 and plan.subjects * 100 > percent * plan.rows
    return plan.subjects > rows or share


def hash_of(plan: RepairPlan) -> str:
    """Over all that is planned, as it is stored now."""
    (value,) = _ask(_HASH, plan.pk)
    return str(value)


def _rehearse(repair: Repair, plan: RepairPlan) -> None:
    """What the first row's repair, and its undo, would be refused for."""
    if not isinstance(repair, RowRepair):
        return
    first = Span(plan.pk, 0, 1)
    with rehearsal():
        plan.apply_refusal = _refusal(lambda: write(repair, plan, first))
        if not plan.apply_refusal and not repair.irreversible:
            plan.undo_refusal = _refusal(lambda: unwrite(first))
    plan.save(update_fields=["apply_refusal", "undo_refusal"])


def _refusal(attempt: Any) -> str:
    try:
        with savepoint():
            attempt()
            check_deferred()
    except BROKEN_PROMISES as error:
        return promise_of(error)
    except RowsMoved as error:
        return str(error)
    return ""


def promise_of(error: BaseException) -> str:
    """The promise that was refused, without the row that it was refused for."""
    return constraint_name(error) or without_values(error)


def _detail(plan: RepairPlan) -> dict[str, object]:
    return {
        "repair": plan.repair,
        "invariant": plan.invariant,
        "subjects": plan.subjects,
        "changes": plan.changes,
        "hash": plan.hash,
    }


def _ask(sql: str, plan: int) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [plan])
        row: tuple[Any, ...] = cursor.fetchone()
        return row


_LINE = """sha256(convert_to(concat_ws(chr(31),
    position, step, {table}, action, subject, key, before, change, assigned), 'UTF8'))"""
_STORE = (SQL / "store_plan.sql").read_text().replace("{line}", _LINE.format(table="table_name"))
_HASH = (SQL / "hash_plan.sql").read_text().replace("{line}", _LINE.format(table='"table"'))
_COUNT = """
SELECT count(*), coalesce(max(position), 0) FROM integrity_plannedchange WHERE plan_id = %s
"""
