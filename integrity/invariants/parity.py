"""Two tables that must be equally long: a smoke alarm that names who finds the fire."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage
from django.db.models import Q

from integrity.invariants import problems
from integrity.invariants.declare import EVERY_ROW, Observation, Observed, invariants
from integrity.invariants.names import model_named


@dataclass(frozen=True, eq=False, kw_only=True)
class RowCountParity(Observation):
    """As many rows on the left as on the right.

    Three missing and three orphaned rows make equal counts, so parity proves nothing: it must name
    the invariants that list the rows, and says how much of a difference they don't explain.

    Args:
        explained_by: invariants whose violations make the counts differ; those about rows of the
            left model make it longer, the others make it shorter.
    """

    left: str
    right: str
    explained_by: tuple[str, ...]
    left_where: Q = EVERY_ROW
    right_where: Q = EVERY_ROW

    def observe(self) -> list[Observed]:
        left = model_named(self.left)._base_manager.filter(self.left_where).count()
        right = model_named(self.right)._base_manager.filter(self.right_where).count()
        if left == right:
            return []
        explained = {name: self._explains(name) for name in self.explained_by}
        evidence: dict[str, Any] = {
            "expected": left,
            "actual": right,
            "explained_by": explained,
            "unexplained": left - right - sum(explained.values()),
        }
        return [Observed(f"{self.left}/{self.right}".lower(), evidence)]

    def _explains(self, name: str) -> int:
        violations = invariants.get(name).violations()
        longer = violations.model._meta.label_lower == self.left.lower()
        return violations.count() if longer else -violations.count()

    def problems(self) -> Iterator[CheckMessage]:
        yield from super().problems()
        for label in (self.left, self.right):
            try:
                model_named(label)
            except LookupError as error:
                yield problems.unknown_model(self, error)
        if not self.explained_by:
            yield problems.problem(
                110,
                self,
                "nothing explains a difference.",
                hint="Name in explained_by the invariants that list missing and orphaned rows.",
            )
        for name in self.explained_by:
            if name not in invariants:
                yield problems.problem(
                    111,
                    self,
                    f"explained_by names {name!r}, which isn't declared.",
                    hint="See: manage.py integrity list",
                )
