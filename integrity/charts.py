"""Columns by day for an SVG: where each bar begins and how high it is, in units of the drawing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, log10
from typing import Generic, Protocol, TypeVar

STEP, WIDTH, HEIGHT = 8, 6, 100


class OfDay(Protocol):
    @property
    def day(self) -> date: ...


T = TypeVar("T", bound=OfDay)
# What kind of bar, and how much; stacked from the bottom up.
Parts = Callable[[T], Sequence[tuple[str, float]]]


@dataclass(frozen=True)
class Bar:
    kind: str
    x: int
    y: float
    height: float
    width: int = WIDTH


@dataclass(frozen=True)
class Chart(Generic[T]):
    """`rows` is the same as a table, the newest day first."""

    bars: list[Bar]
    rows: list[T]
    first: date
    last: date
    top: float
    width: int
    height: int = HEIGHT


def by_day(rows: Sequence[T], parts: Parts[T], *, days: int, today: date) -> Chart[T]:
    """A day without a row is a gap: nothing was looked at, which isn't zero."""
    top = round_up(max((sum(amount for _, amount in parts(row)) for row in rows), default=0))
    first = today - timedelta(days=days - 1)
    kept = [row for row in rows if first <= row.day <= today]
    bars = [bar for row in kept for bar in _stack((row.day - first).days * STEP, parts(row), top)]
    return Chart(bars, kept[::-1], first, today, top, days * STEP)


def _stack(x: int, parts: Iterable[tuple[str, float]], top: float) -> Iterator[Bar]:
    y = float(HEIGHT)
    for kind, amount in parts:
        height = round(amount / top * HEIGHT, 2)
        # What is there at all is to be seen.
        height = max(height, 1.5) if amount else 0.0
        y -= height
        if height:
            yield Bar(kind, x, round(max(y, 0), 2), height)
    if y == HEIGHT:
        yield Bar("none", x, HEIGHT - 1.5, 1.5)


def round_up(value: float) -> float:
    """The next number that reads well: 1, 2 or 5 with zeros."""
    if value <= 0:
        return 1
    unit = 10.0 ** ceil(log10(value) - 1)
    return next(step * unit for step in (1, 2, 5, 10) if step * unit >= value)
