"""What a runbook is written in; what isn't understood is shown as it is written."""

from integrity.markdown import Block, Span, blocks, spans

PAGE = """\
# Broken

It **is**
one paragraph.

- first,
  going on
- `second`

1. then
2. there

```sh
manage.py check

  # twice
```
"""


def text(*lines):
    return [[Span("text", line)] for line in lines]


def test_a_page_is_a_row_of_blocks():
    heading, paragraph, points, numbers, code = blocks(PAGE)
    assert heading == Block("heading", text("Broken"), 1)
    assert paragraph.kind == "text"
    assert [each.kind for each in paragraph.lines[0]] == ["text", "strong", "text"]
    assert paragraph.lines[0][2].text == " one paragraph."
    assert points == Block("list", [[Span("text", "first, going on")], [Span("code", "second")]])
    assert numbers == Block("numbers", text("then", "there"))
    assert code.lines == [[Span("code", each)] for each in ("manage.py check", "", "  # twice")]


def test_a_table_has_a_head_and_rows_of_cells():
    (table,) = blocks("| Dead | Noticed by |\n|---|---|\n| `worker` | cron |\n")
    assert table.kind == "table"
    assert table.rows == [
        text("Dead", "Noticed by"),
        [[Span("code", "worker")], [Span("text", "cron")]],
    ]


def test_a_link_keeps_its_target_and_code_is_left_alone():
    assert spans("see [that](a.b.md), not `[this](x)`") == [
        Span("text", "see "),
        Span("link", "that", "a.b.md"),
        Span("text", ", not "),
        Span("code", "[this](x)"),
    ]


def test_what_is_not_closed_is_text_and_ends():
    assert spans("a ` b ** c [d](") == [Span("text", "a ` b ** c [d](")]
    assert blocks("```sh\nnever closed") == [Block("code", [[Span("code", "never closed")]])]
    assert blocks("####### seven") == [Block("text", text("####### seven"))]
    assert blocks("") == []
