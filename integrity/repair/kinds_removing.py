"""The ready-made repairs that take rows away. Each row is kept in the journal until its time is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from integrity.invariants.values import Uniqueness
from integrity.repair.declare import Change, Kind, RowRepair, delete


@dataclass(frozen=True, eq=False, kw_only=True)
class PruneStale(RowRepair):
    """Delete the violating row."""

    kind: Kind = Kind.DELETE

    def changes(self) -> Sequence[Change]:
        return [delete()]


@dataclass(frozen=True, eq=False, kw_only=True)
class QuarantineOrphan(RowRepair):
    """Set the violating row aside: it leaves its table, and can be put back for 30 days."""

    kind: Kind = Kind.QUARANTINE

    def changes(self) -> Sequence[Change]:
        return [delete()]


@dataclass(frozen=True, eq=False, kw_only=True)
class MergeDuplicates(RowRepair):
    """Of rows that share what must be unique, keep one, and delete the others.

    Args:
        keep: the field whose least value is kept; the primary key, if blank.
        moved: the foreign keys that lead to the rows, by label of their model; what pointed to a
            deleted row points to the kept one.
    """

    kind: Kind = Kind.DELETE
    keep: str = "pk"
    moved: Mapping[str, str] = field(default_factory=dict)

    def suspects(self) -> "QuerySet[Any]":
        """The kept one violates as well, until the others are gone."""
        before = self._same().filter(**{f"{self.keep}__lt": OuterRef(self.keep)})
        rows: QuerySet[Any] = self.declared.violations().filter(Exists(before))
        return rows

    def changes(self) -> Sequence[Change]:
        kept = Subquery(self._same().order_by(self.keep).values("pk")[:1])
        moves = [
            Change("update", model, {pointer: F("pk")}, {pointer: kept}, many=True)
            for model, pointer in self.moved.items()
        ]
        return [*moves, delete()]

    def _same(self) -> "QuerySet[Any]":
        unique = self.declared
        assert isinstance(unique, Uniqueness)
        same = {name: OuterRef(name) for name in unique.fields}
        rows: QuerySet[Any] = self.subject()._base_manager.filter(unique.where, **same)
        return rows
