"""A person's data, as it is handed to them."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from integrity.conf import config
from integrity.privacy.declare import Holding, RowsOf, holdings
from integrity.transactions import snapshot, transaction_required


@dataclass(frozen=True)
class Part:
    """The rows of one table, under the words that people use for them."""

    name: str
    title: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """Where to go on: in this table, after the row of this key; from its beginning without one."""

    table: str
    after: Any = None


@dataclass(frozen=True)
class Bite:
    """
    Attributes:
        next: None at the end.
    """

    parts: list[Part]
    next: Place | None


def export_of(person: Any) -> list[Part]:
    """Everything that is about a person, read at one instant; a part too where there is nothing.

    Texts, numbers, lists and None only, so that it can be written as JSON or CSV as it is.

    Raises:
        RuntimeError: a transaction is open, which could not be one snapshot.
    """
    with snapshot(statement_timeout=config().check_timeout):
        return [
            Part(each.table, each.title, _rows(each, each.rows, person))
            for each in holdings
            if each.rows
        ]


@transaction_required
def bite_of(person: Any, *, limit: int, start: Place | None = None) -> Bite:
    """The same in the open transaction, at most so many rows of it.

    A table that doesn't fit comes again with the next bite. What changes from bite to bite is not
    of one instant: whoever wants that locks what the rows are changed under.

    Raises:
        ValueError: the table to go on with isn't declared any more.
    """
    exported = [each for each in holdings if each.rows]
    first = [each.table for each in exported].index(start.table) if start else 0
    after, parts = start.after if start else None, list[Part]()
    for each in exported[first:]:
        rows = _some_rows(each, person, after, limit)
        parts.append(Part(each.table, each.title, [row for _, row in rows]))
        if len(rows) == limit:
            return Bite(parts, Place(each.table, rows[-1][0]))
        after, limit = None, limit - len(rows)
    return Bite(parts, None)


def exported_columns() -> dict[str, list[str]]:
    """Of each table that an export has, also where a person has no row in it."""
    return {each.table: _shown(each) for each in holdings if each.rows}


def _shown(holding: Holding) -> list[str]:
    return [name for name in holding.personal if name not in holding.withheld]


def _rows(holding: Holding, pick: RowsOf, person: Any) -> list[dict[str, Any]]:
    rows = pick(person).order_by("pk").values(*_shown(holding))
    return [_plain(dict(row)) for row in rows]


def _some_rows(
    holding: Holding, person: Any, after: Any, limit: int
) -> list[tuple[Any, dict[str, Any]]]:
    """Each with its key."""
    assert holding.rows is not None
    rows = holding.rows(person).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=tuple(after) if isinstance(after, list) else after)
    shown = _shown(holding)
    found = rows.values_list("pk", *shown)[:limit]
    return [(key, _plain(dict(zip(shown, row, strict=True)))) for key, *row in found]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(row, cls=DjangoJSONEncoder))
    return plain
