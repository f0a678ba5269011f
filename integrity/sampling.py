"""A statement's rows as samples for a monitor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection

from integrity.exposition import Sample

SQL = Path(__file__).parent / "sql"
# A queue is counted up to here: however long it gets, its length costs little to know.
COUNTED = 100_000


def sampled(file: str, values: Mapping[str, Any] | None = None) -> list[Sample]:
    """The last column is the value, the others are labels by their names."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / file).read_text(), values)
        names = [column.name for column in cursor.description or ()][:-1]
        return [
            Sample(dict(zip(names, row[:-1], strict=True)), row[-1]) for row in cursor.fetchall()
        ]
