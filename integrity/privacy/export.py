"""A person's data, as it is handed to them."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from integrity.conf import config
from integrity.privacy.declare import Holding, RowsOf, holdings
from integrity.transactions import snapshot


@dataclass(frozen=True)
class Part:
    """The rows of one table, under the words that people use for them."""

    name: str
    title: str
    rows: list[dict[str, Any]]


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


def _rows(holding: Holding, pick: RowsOf, person: Any) -> list[dict[str, Any]]:
    shown = [name for name in holding.personal if name not in holding.withheld]
    rows = pick(person).order_by("pk").values(*shown)
    return [_plain(dict(row)) for row in rows]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(row, cls=DjangoJSONEncoder))
    return plain
