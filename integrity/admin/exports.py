"""CSV for spreadsheets, sent row by row, in which no cell is a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

LONGEST = 100_000
CHUNK = 1_000
# Spreadsheets take a cell that begins with one of these for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_response(
    name: str, fields: Sequence[str], rows: "QuerySet[Any]", *, longest: int = LONGEST
) -> StreamingHttpResponse:
    """The first so many rows, in the queryset's order; a last line says what was left out."""
    values = rows.values_list(*fields)[:longest].iterator(CHUNK)
    lines = _lines(fields, values, longest=longest)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    stamp = f"{timezone.now():%Y%m%dT%H%MZ}"
    answer["Content-Disposition"] = f'attachment; filename="{name}-{stamp}.csv"'
    return answer


def _lines(fields: Sequence[str], rows: Iterable[Sequence[Any]], *, longest: int) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield writer.writerow(fields)
    count = 0
    for row in rows:
        count += 1
        yield writer.writerow([cell(value) for value in row])
    if count >= longest:
        yield writer.writerow([f"Only the first {longest} rows: narrow the list."])


def cell(value: Any) -> str:
    """Text that a spreadsheet shows as it is."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    text = "" if value is None else str(value)
    numeric = isinstance(value, int | float)
    return f"'{text}" if text.startswith(FORMULAS) and not numeric else text
