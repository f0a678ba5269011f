"""Put rows back from the journal, where they still are as the repair left them."""

from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from integrity.repair.names import literal, quoted
from integrity.repair.writing import RowsMoved, Span
from integrity.transactions import transaction_required

SQL = Path(__file__).parents[1] / "sql"


@dataclass(frozen=True)
class Undone:
    undone: int
    conflicts: int


@dataclass(frozen=True)
class _Table:
    """A table that the journal names, and what was done to its rows."""

    name: str
    action: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def same_key(self) -> str:
        return " AND ".join(f"t.{quoted(each)} = k.{quoted(each)}" for each in self.key)

    @property
    def record(self) -> str:
        return f"jsonb_populate_record(NULL::{quoted(self.name)}"

    @property
    def chosen(self) -> str:
        return f"c.table_name = {literal(self.name)} AND c.action = '{self.action}'"


@transaction_required
def unwrite(span: Span) -> Undone:
    """Undo the span's changes. A subject of which any row was edited since is left as it is.

    1. Lock the rows.
    2. Put back those that equal their after-image, with the journal, in one statement.
    3. Mark the rest.
    """
    tables = _tables(span)
    for table in tables:
        if table.action != "delete":
            _execute(_LOCK.format(table=quoted(table.name), **_names(table)), span)
    if not tables:
        return Undone(0, 0)
    sql = _UNWRITE.format(
        matching=" UNION ALL ".join(_matching(table) for table in tables),
        writes=", ".join(_unwrite(number, table) for number, table in enumerate(tables)),
        written=" UNION ALL ".join(
            f"SELECT * FROM written_{number}" for number in range(len(tables))
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*span.parameters, *span.parameters])
        undone, untouched = cursor.fetchone()
        if undone != untouched:
            raise RowsMoved
        cursor.execute(_CONFLICT, span.parameters)
        return Undone(undone, cursor.rowcount)


def edited_since(span: Span, *, limit: int) -> tuple[int, list[int]]:
    """Subjects whose rows are no longer as the repair left them: how many, and the first places.

    Of row changes only. Nothing is locked or changed.
    """
    if not (tables := _tables(span)):
        return 0, []
    sql = _EDITED.format(matching=" UNION ALL ".join(_matching(table) for table in tables))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*span.parameters, limit])
        count, places = cursor.fetchone()
        return count, places or []


def _tables(span: Span) -> list[_Table]:
    found = _execute(_TABLES, span)
    return [
        _Table(name, action, tuple(key), tuple(_columns(name, action, changed)))
        for name, action, key, changed in found
    ]


def _columns(table: str, action: str, changed: list[str] | None) -> list[str]:
    """What is written: all of a deleted row, and of a changed one what differs."""
    if action != "delete":
        return changed or []
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [quoted(table)])
        return [name for (name,) in cursor.fetchall()]


def _names(table: _Table) -> dict[str, str]:
    keys = [quoted(each) for each in table.key]
    return {
        "record": table.record,
        "same_key": table.same_key,
        "chosen": table.chosen,
        "order": ", ".join(f"t.{key}" for key in keys),
    }


def _matching(table: _Table) -> str:
    template = _GONE if table.action == "delete" else _SAME
    return template.format(table=quoted(table.name), **_names(table))


def _unwrite(number: int, table: _Table) -> str:
    templates = {"insert": _UNINSERT, "update": _UNUPDATE, "delete": _UNDELETE}
    columns = [quoted(each) for each in table.columns]
    key = ", ".join(f"{literal(each)}, t.{quoted(each)}" for each in table.key)
    body = templates[table.action].format(
        table=quoted(table.name),
        columns=", ".join(columns),
        values=", ".join(f"b.{each}" for each in columns),
        sets=", ".join(f"{each} = b.{each}" for each in columns),
        key=key,
        **_names(table),
    )
    if table.action != "delete":
        return f"written_{number} AS ({body})"
    return f"restored_{number} AS ({body}), {_PLACED.format(number=number, chosen=table.chosen)}"


def _execute(sql: str, span: Span) -> list[tuple[str, str, list[str], list[str] | None]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, span.parameters)
        return list(cursor.fetchall())


_SPAN = "plan_id = %s AND position > %s AND position <= %s AND state = 'applied'"
_TABLES = (SQL / "journaled_tables.sql").read_text()
_LOCK = (SQL / "lock_journaled_rows.sql").read_text()
_CHUNK = (SQL / "journaled_chunk.sql").read_text()
_EDITED = _CHUNK + (SQL / "count_edited.sql").read_text()
_UNWRITE = _CHUNK + (SQL / "undo_changes.sql").read_text()
_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""
_SAME = """
    SELECT c.position, c.step FROM chunk c CROSS JOIN LATERAL {record}, c.key) k
    JOIN {table} t ON {same_key} WHERE {chosen} AND to_jsonb(t.*) = c.after
"""
_GONE = """
    SELECT c.position, c.step FROM chunk c WHERE {chosen} AND NOT EXISTS (
        SELECT FROM {record}, c.key) k JOIN {table} t ON {same_key}
    )
"""
_UNINSERT = """
    DELETE FROM {table} AS t USING whole c CROSS JOIN LATERAL {record}, c.key) k
    WHERE {chosen} AND {same_key} AND to_jsonb(t.*) = c.after
    RETURNING c.position, c.step
"""
_UNUPDATE = """
    UPDATE {table} AS t SET {sets} FROM whole c CROSS JOIN LATERAL {record}, c.key) k
        CROSS JOIN LATERAL {record}, c.before) b
    WHERE {chosen} AND {same_key} AND to_jsonb(t.*) = c.after
    RETURNING c.position, c.step
"""
_UNDELETE = """
    INSERT INTO {table} AS t ({columns}) OVERRIDING SYSTEM VALUE
    SELECT {values} FROM whole c CROSS JOIN LATERAL {record}, c.before) b
    WHERE {chosen} ORDER BY c.position
    RETURNING jsonb_build_object({key}) AS key
"""
# As in `writing`: a FULL JOIN is hashed or merged, whatever the planner expects.
_PLACED = """written_{number} AS MATERIALIZED (
    SELECT position, step FROM (
        SELECT c.position, c.step, c.step IS NOT NULL AND w.there AS matched
        FROM (SELECT * FROM whole c WHERE {chosen}) c
        FULL JOIN (SELECT key, true AS there FROM restored_{number}) w USING (key) OFFSET 0
    ) AS placed WHERE matched
)"""
_CONFLICT = f"""
UPDATE integrity_plannedchange SET state = 'conflict', error = 'edited since the repair'
WHERE {_SPAN}
"""
