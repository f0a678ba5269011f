"""The page in an export: one file without a script, which asks nobody for anything."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What Everafter keeps of you</title>
<style>
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; }
h2 { margin: 2.5rem 0 0.75rem; }
section { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: 0.35rem 0.75rem; border: 1px solid #8886; text-align: left; vertical-align: top; }
th { white-space: nowrap; }
td { overflow-wrap: anywhere; min-width: 6rem; unicode-bidi: plaintext; }
.none { opacity: 0.75; }
</style>
</head>
<body>
<main>
<h1>What Everafter keeps of you</h1>
"""
FOOT = "</main>\n</body>\n</html>\n"
NOTHING = mark_safe('<p class="none">Nothing.</p>\n')
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", re.ASCII)
Tables = Iterable[tuple[str, str, Iterator[dict[str, Any]]]]


def write_page(
    entry: TextIO, tables: Tables, columns: Mapping[str, list[str]], *, when: str
) -> None:
    entry.write(HEAD)
    entry.write(format_html("<p>{} Times are in UTC.</p>\n", when))
    for name, title, rows in tables:
        entry.write(format_html('<section id="{}">\n<h2>{}</h2>\n', name, title))
        entry.writelines(_table(columns[name], rows))
        entry.write("</section>\n")
    entry.write(FOOT)


def _table(columns: list[str], rows: Iterator[dict[str, Any]]) -> Iterator[SafeString]:
    first = next(rows, None)
    if first is None:
        yield NOTHING
        return
    second = next(rows, None)
    if second is None:
        yield _one(columns, first)
        return
    heads = format_html_join("", '<th scope="col">{}</th>', ((_words(each),) for each in columns))
    yield format_html("<table>\n<tr>{}</tr>\n", heads)
    yield from (_row(columns, row) for row in (first, second))
    yield from (_row(columns, row) for row in rows)
    yield mark_safe("</table>\n")


def _one(columns: list[str], row: dict[str, Any]) -> SafeString:
    """Of what there is one, a line for each fact."""
    facts = ((_words(each), in_words(row[each])) for each in columns)
    lines = format_html_join("\n", '<tr><th scope="row">{}</th><td>{}</td></tr>', facts)
    return format_html("<table>\n{}\n</table>\n", lines)


def _row(columns: list[str], row: dict[str, Any]) -> SafeString:
    cells = format_html_join("", "<td>{}</td>", ((in_words(row[each]),) for each in columns))
    return format_html("<tr>{}</tr>\n", cells)


def _words(column: str) -> str:
    return column.replace("_", " ").capitalize()


def in_words(value: Any) -> str:
    """A fact as people write it."""
    match value:
        case None | "" | []:
            return "–"  # noqa: RUF001
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(in_words, value))
        case dict():
            return ", ".join(f"{_words(name)}: {in_words(each)}" for name, each in value.items())
        case str():
            return _time_in_words(value) or value
    return str(value)


def _time_in_words(text: str) -> str | None:
    """Dates and times are written as ISO 8601, whole; any other text of theirs stays as it is."""
    if not WRITTEN.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return f"{moment:%-d %B %Y}"
        return f"{moment.astimezone(UTC):%-d %B %Y, %H:%M}"
    except (ValueError, OverflowError):
        return None
