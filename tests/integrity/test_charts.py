"""Columns by day: in place, in proportion, and a gap where nobody looked."""

from dataclasses import dataclass
from datetime import date

import pytest

from integrity.charts import HEIGHT, STEP, by_day, round_up

TODAY = date(2030, 6, 19)


@dataclass(frozen=True)
class Row:
    day: date
    bad: float = 0
    good: float = 0


def drawn(*rows, days=3):
    return by_day(rows, lambda row: [("bad", row.bad), ("ok", row.good)], days=days, today=TODAY)


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.3, 0.5), (1, 1), (3, 5), (6, 10), (10, 10), (120, 200)]
)
def test_the_top_is_a_number_that_reads_well(value, top):
    assert round_up(value) == pytest.approx(top)


def test_parts_are_stacked_from_the_bottom_up():
    below, above = drawn(Row(TODAY, bad=5, good=5)).bars
    assert (below.kind, below.x, below.y, below.height) == ("bad", 2 * STEP, 50, 50)
    assert (above.kind, above.y, above.height) == ("ok", 0, 50)


def test_a_day_without_a_row_is_a_gap_and_one_with_zero_is_a_line():
    (bar,) = drawn(Row(date(2030, 6, 18))).bars
    assert (bar.kind, bar.x) == ("none", STEP)
    assert bar.height < 2


def test_one_among_many_is_still_seen():
    bars = drawn(Row(date(2030, 6, 18), bad=10_000), Row(TODAY, bad=1)).bars
    assert bars[1].height > 1


def test_what_is_older_is_left_out_and_the_table_has_the_newest_first():
    chart = drawn(Row(date(2030, 6, 1), bad=2), Row(date(2030, 6, 18)), Row(TODAY))
    assert [row.day.day for row in chart.rows] == [19, 18]
    assert (chart.first, chart.last, chart.width) == (date(2030, 6, 17), TODAY, 3 * STEP)
    assert all(0 <= bar.y <= HEIGHT for bar in chart.bars)
