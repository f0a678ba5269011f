"""The little of Markdown that runbooks are written in, as pieces that a template can show.

Headings, paragraphs, lists, tables, blocks of code; in a line, `code`, **bold** and [links](to).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADING = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r"(?:[-*]|\d+\.) +(.+)")
_INLINE = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Span:
    """A piece of a line. `kind` is text, code, strong or link."""

    kind: str
    text: str
    target: str = ""


@dataclass(frozen=True)
class Block:
    """`kind` is heading, text, list, numbers, table or code.

    What stands in it is one entry per line; in a table, `rows` has the cells, the head first.
    """

    kind: str
    lines: list[list[Span]]
    level: int = 0
    rows: list[list[list[Span]]] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """Read a page. What isn't understood is shown as it is written."""
    return list(_blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        if line.startswith("```"):
            yield _code(rest)
        elif heading := _HEADING.fullmatch(line):
            yield Block("heading", [spans(heading[2])], len(heading[1]))
        elif item := _ITEM.fullmatch(line):
            kind = "numbers" if line[0].isdigit() else "list"
            yield Block(kind, [spans(each) for each in _items(item[1], rest)])
        elif line.startswith("|"):
            yield Block("table", [], rows=[_cells(each) for each in [line, *_table(rest)]])
        elif line.strip():
            yield Block("text", [spans(" ".join([line, *_paragraph(rest)]))])


def _code(rest: list[str]) -> Block:
    lines = []
    while rest and not (line := rest.pop(0)).startswith("```"):
        lines.append([Span("code", line)])
    return Block("code", lines)


def _items(first: str, rest: list[str]) -> list[str]:
    """An item goes on where the next line is indented."""
    items = [first]
    while rest and (rest[0].startswith("  ") or _ITEM.fullmatch(rest[0])):
        line = rest.pop(0)
        if item := _ITEM.fullmatch(line):
            items.append(item[1])
        else:
            items[-1] += f" {line.strip()}"
    return items


def _table(rest: list[str]) -> Iterator[str]:
    """The rows below the head; the line between them says nothing."""
    while rest and rest[0].startswith("|"):
        if (line := rest.pop(0)).strip("|-: "):
            yield line


def _cells(line: str) -> list[list[Span]]:
    return [spans(cell.strip()) for cell in line.strip().strip("|").split("|")]


def _paragraph(rest: list[str]) -> Iterator[str]:
    while rest and rest[0].strip() and not rest[0].startswith(("#", "```", "- ", "* ", "|")):
        yield rest.pop(0)


def spans(line: str) -> list[Span]:
    found, end = [], 0
    for match in _INLINE.finditer(line):
        found.append(Span("text", line[end : match.start()]))
        found.append(_span(*match.groups()))
        end = match.end()
    return [each for each in [*found, Span("text", line[end:])] if each.text]


def _span(code: str | None, strong: str | None, text: str | None, target: str | None) -> Span:
    if code:
        return Span("code", code)
    return Span("strong", strong) if strong else Span("link", text or "", target or "")
