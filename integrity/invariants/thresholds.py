"""From how many violations on an invariant is broken, and how badly."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"(>=?)\s*(\d+(?:\.\d+)?)\s*(%?)")


class UnreadableThreshold(ValueError):
    """Write it as `> 100`, `>= 5` or `> 1 %` (of the rows that were looked at)."""


@dataclass(frozen=True)
class Threshold:
    inclusive: bool
    limit: float
    percent: bool

    def is_met(self, *, count: int, rows: int) -> bool:
        value = count * 100 / rows if self.percent and rows else count
        return count > 0 and (value >= self.limit if self.inclusive else value > self.limit)


def threshold(text: str) -> Threshold:
    """Read what `warn_if` or `error_if` says.

    Raises:
        UnreadableThreshold: it says nothing we know.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise UnreadableThreshold(text)
    sign, number, percent = found.groups()
    return Threshold(sign == ">=", float(number), bool(percent))
