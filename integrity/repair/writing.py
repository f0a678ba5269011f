"""Write planned changes and their journal in one statement, where the rows are still as planned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from integrity.models import PlannedChange, RepairPlan
from integrity.repair.candidates import candidates, in_chunk, keys_of, planned_keys
from integrity.repair.changes import Step, named_keys, number_of, planned, steps_of, violating
from integrity.repair.declare import RowRepair
from integrity.repair.names import column_of, field_of, quoted, table_of
from integrity.transactions import transaction_required

SQL = Path(__file__).parents[1] / "sql"
State = PlannedChange.State


@dataclass(frozen=True)
class Span:
    """The subjects of a plan after one position, up to another."""

    plan: int
    after: int
    upto: int

    @property
    def parameters(self) -> list[int]:
        return [self.plan, self.after, self.upto]


class RowsMoved(Exception):
    """A row changed while it was being written. Nothing was changed: the chunk is tried again."""


@dataclass(frozen=True)
class Written:
    applied: int
    stale: int


@transaction_required
def write(repair: RowRepair, plan: RepairPlan, span: Span) -> Written:
    """Apply the span's changes; what is no longer as planned is marked as stale.

    1. Lock the violating rows, in the order of their keys.
    2. Ask the repair again for them, and write what comes to the same, with the journal.
    3. Mark the rest.
    """
    lock(repair, span)
    steps = steps_of(repair)
    agreed, parameters = _agreed(repair, plan, span)
    sql = agreed + _WRITE.format(
        writes=", ".join(_write(step) for step in steps),
        written=" UNION ALL ".join(f"SELECT * FROM written_{step.number}" for step in steps),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *span.parameters])
        applied, agreed = cursor.fetchone()
        if applied != agreed:
            raise RowsMoved
        cursor.execute(_STALE, span.parameters)
        return Written(applied, cursor.rowcount)


def count_agreeing(repair: RowRepair, plan: RepairPlan, span: Span) -> int:
    """How many planned changes would be made now, as they were planned."""
    agreed, parameters = _agreed(repair, plan, span)
    with connection.cursor() as cursor:
        cursor.execute(f"{agreed} SELECT count(*) FROM agreed", parameters)
        count: int = cursor.fetchone()[0]
        return count


def _agreed(repair: RowRepair, plan: RepairPlan, span: Span) -> tuple[str, list[Any]]:
    """The planned changes that the repair comes to again, as the CTE `agreed`."""
    steps = steps_of(repair)
    rows = in_chunk(
        candidates(repair, again=True), plan=span.plan, after=span.after, upto=span.upto
    )
    asked, parameters = violating(steps, rows, at=plan.created_at)
    sql = _AGREED.format(
        pk=named_keys(rows.model),
        violating=asked,
        planned=planned(steps, drawing=False),
        agreed=_SIMPLE if len(steps) == 1 and not steps[0].change.many else _ALL_STEPS,
    )
    return sql, [*span.parameters, *parameters]


@transaction_required
def lock(repair: RowRepair, span: Span) -> None:
    model = repair.subject()
    chosen = f"({keys_of(model)}) IN ({planned_keys(model)})"
    if repair.lock_first:
        pointer = field_of(model, repair.lock_first)
        parent, target = pointer.related_model, pointer.target_field.attname
        pointing = (
            f"SELECT {column_of(model, pointer.attname)} FROM {table_of(model)} WHERE {chosen}"
        )
        _lock(parent._meta.db_table, target, f"IN ({pointing})", span)
    order = ", ".join(column_of(model, field.attname) for field in model._meta.pk_fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT FROM {table_of(model)} WHERE {chosen}"
            f" ORDER BY {order} FOR UPDATE) AS locked",
            span.parameters,
        )


def _lock(table: str, column: str, which: str, span: Span) -> None:
    name = f"{quoted(table)}.{quoted(column)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT FROM {quoted(table)} WHERE {name} {which}"
            f" ORDER BY {name} FOR NO KEY UPDATE) AS locked",
            span.parameters,
        )


def _write(step: Step) -> str:
    """The step's data-modifying CTE: its rows, written, with what they became."""
    match step.change.action:
        case "insert":
            return _insert(step)
        case "update":
            return _update(step)
    return _delete(step)


def _insert(step: Step) -> str:
    columns = [quoted(field_of(step.model, name).column) for name in step.written]
    key = ", ".join(f"'{field.column}', t.{quoted(field.column)}" for field in _pk(step))
    rows = (
        f"inserted_{step.number} AS (INSERT INTO {step.table} AS t ({', '.join(columns)})"
        f" OVERRIDING SYSTEM VALUE SELECT {', '.join(f'r.{each}' for each in columns)}"
        f" FROM agreed a CROSS JOIN LATERAL"
        f" jsonb_populate_record(NULL::{step.table}, a.change || a.assigned) r"
        f" WHERE {_numbered(step)} ORDER BY a.position"
        f" RETURNING jsonb_build_object({key}) AS key, to_jsonb(t.*) AS after)"
    )
    return f"{rows}, {_PLACED.format(number=step.number, chosen=_numbered(step))}"


def _update(step: Step) -> str:
    columns = [quoted(field_of(step.model, name).column) for name in step.written]
    return (
        f"written_{step.number} AS (UPDATE {step.table} AS t"
        f" SET {', '.join(f'{each} = r.{each}' for each in columns)}"
        f" FROM agreed a CROSS JOIN LATERAL jsonb_populate_record(NULL::{step.table}, a.key) k"
        f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{step.table}, a.change || a.assigned) r"
        f" WHERE {_numbered(step)} AND {same_key(_pk(step))} AND to_jsonb(t.*) = a.before"
        f" RETURNING a.position, a.step, to_jsonb(t.*) AS after)"
    )


def _delete(step: Step) -> str:
    return (
        f"written_{step.number} AS (DELETE FROM {step.table} AS t"
        f" USING agreed a CROSS JOIN LATERAL jsonb_populate_record(NULL::{step.table}, a.key) k"
        f" WHERE {_numbered(step)} AND {same_key(_pk(step))} AND to_jsonb(t.*) = a.before"
        f" RETURNING a.position, a.step, NULL::jsonb AS after)"
    )


def _numbered(step: Step) -> str:
    return number_of(step).replace("step", "a.step")


def _pk(step: Step) -> list[Any]:
    return list(step.model._meta.pk_fields)


def same_key(fields: list[Any]) -> str:
    names = [quoted(field.column) for field in fields]
    return " AND ".join(f"t.{name} = k.{name}" for name in names)


_AGREED = (SQL / "agreeing_changes.sql").read_text()
_SIMPLE = "SELECT * FROM compared WHERE agrees"
_WRITE = (SQL / "write_changes.sql").read_text()
# A subject's rows are written together or not at all, and none of them may be new since the plan.
_ALL_STEPS = """
    SELECT * FROM (
        SELECT compared.*, bool_and(agrees) OVER (PARTITION BY subject) AS all_agree FROM compared
    ) AS together WHERE all_agree
"""
_PLACED = """written_{number} AS MATERIALIZED (
    SELECT position, step, after FROM (
        SELECT a.position, a.step, w.after, a.step IS NOT NULL AND w.after IS NOT NULL AS matched
        FROM (SELECT * FROM agreed a WHERE {chosen}) a FULL JOIN inserted_{number} w USING (key)
        OFFSET 0
    ) AS placed WHERE matched
)"""
_STALE = """
UPDATE integrity_plannedchange SET state = 'stale'
WHERE plan_id = %s AND position > %s AND position <= %s AND state = 'planned'
"""
