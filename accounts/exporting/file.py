"""One ZIP of all of it: a page to read, a table each for a spreadsheet, and JSON for programs.

Everything is written as it comes, so that a large export is never held as a whole. The same contents
make the same bytes.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol, TextIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from accounts.exporting.page import write_page
from integrity.privacy import Part

README = """This is a copy of what Everafter keeps of you, made {made}.

{collected}

index.html   all of it, to be read in a browser; it needs no network
csv/         the same, one table a file, for a spreadsheet (UTF-8, with commas)
data.json    the same, for programs (UTF-8)

What was planned by two is in the copy of each of them. Of what opens your account, such as your
password, there is nothing in it. Keep it as you would keep a diary.

In the files below csv/, a text that a spreadsheet would take for a formula has a ' before it.

{tables}
"""
# What a spreadsheet takes for a formula, or strips from before one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


class Sink(Protocol):
    def write(self, content: bytes, /) -> int: ...

    def flush(self) -> None: ...


@dataclass(frozen=True)
class Contents:
    """
    Args:
        columns: of each table that may be among the parts.
        parts: each time from the beginning; a table that didn't fit into one comes in several.
        collected: when the first and the last rows were read.
    """

    columns: Mapping[str, list[str]]
    parts: Callable[[], Iterator[Part]]
    made_at: datetime
    collected: tuple[datetime, datetime]

    def tables(self) -> Iterator[tuple[str, str, Iterator[dict[str, Any]]]]:
        """The name, the title and the rows of each, to be read in this order."""
        for (name, title), parts in groupby(self.parts(), lambda each: (each.name, each.title)):
            yield name, title, (row for part in parts for row in part.rows)


def write_file(sink: Sink, contents: Contents) -> None:
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        counts = _write_tables(archive, contents)
        with _entry(archive, "data.json", contents) as entry:
            _write_json(entry, contents)
        with _entry(archive, "index.html", contents) as entry:
            write_page(entry, contents.tables(), contents.columns, when=_when(contents))
        with _entry(archive, "README.txt", contents) as entry:
            entry.write(_readme(contents, counts))


def cell(value: Any) -> str:
    """As a spreadsheet may have it: never a formula, and never another row."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)


def _write_tables(archive: ZipFile, contents: Contents) -> dict[str, int]:
    """Returns how many rows each has."""
    counts = {}
    for name, _, rows in contents.tables():
        # With the mark that tells a spreadsheet that it is UTF-8.
        with _entry(archive, f"csv/{name}.csv", contents, encoding="utf-8-sig") as entry:
            counts[name] = _write_table(entry, contents.columns[name], rows)
    return counts


def _write_table(entry: TextIO, columns: list[str], rows: Iterator[dict[str, Any]]) -> int:
    # All of it in quotes: some spreadsheets part what has none at semicolons and tabs as well, and
    # would take the second half for a cell that begins there.
    table, count = csv.writer(entry, quoting=csv.QUOTE_ALL), 0
    table.writerow(columns)
    for row in rows:
        table.writerow([cell(row[column]) for column in columns])
        count += 1
    return count


def _write_json(entry: TextIO, contents: Contents) -> None:
    """By hand, row for row: json writes a whole at once."""
    entry.write(f'{{"made_at": {_json(contents.made_at.isoformat())}, "tables": {{')
    for table, (name, title, rows) in enumerate(contents.tables()):
        entry.write(f'{"," if table else ""}\n{_json(name)}: {{"title": {_json(title)}, "rows": [')
        for number, row in enumerate(rows):
            entry.write(f"{',' if number else ''}\n{_json(row)}")
        entry.write("]}")
    entry.write("\n}}\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _entry(
    archive: ZipFile, name: str, contents: Contents, *, encoding: str = "utf-8"
) -> Iterator[TextIO]:
    made = contents.made_at
    info = ZipInfo(name, (made.year, made.month, made.day, made.hour, made.minute, made.second))
    info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
    with (
        archive.open(info, "w") as raw,
        # Half a sign, as JSON from elsewhere may have it, is written as its number.
        io.TextIOWrapper(raw, encoding, "backslashreplace", newline="") as text,
    ):
        yield text


def _readme(contents: Contents, counts: Mapping[str, int]) -> str:
    tables = "\n".join(f"{rows:>7} rows  csv/{name}.csv" for name, rows in counts.items())
    made = f"on {contents.made_at:%-d %B %Y} at {contents.made_at:%H:%M} UTC"
    return README.format(made=made, collected=_when(contents), tables=tables)


def _when(contents: Contents) -> str:
    first, last = contents.collected
    if first == last:
        return f"It is what there was on {first:%-d %B %Y} at {first:%H:%M:%S} UTC."
    return (
        f"It is much, and was read in parts, from {first:%-d %B %Y, %H:%M:%S} to"
        f" {last:%-d %B %Y, %H:%M:%S} UTC: what was changed in between may be in it in part."
    )
