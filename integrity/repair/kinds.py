"""The ready-made repairs that write rows: what is missing, what drifted, what was miscounted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from integrity.invariants.drift import CounterDrift, FieldDrift
from integrity.invariants.lookups import IsDistinctFrom
from integrity.repair.declare import Change, Kind, RowRepair, insert, update


@dataclass(frozen=True, eq=False, kw_only=True)
class BackfillMissing(RowRepair):
    """Insert the row that each violating row lacks: one INSERT … SELECT a chunk.

    Args:
        into: the model whose row is missing.
        values: by field, expressions over the violating row.
    """

    kind: Kind = Kind.CREATE
    into: str
    values: Mapping[str, Any]

    def changes(self) -> Sequence[Change]:
        return [insert(self.into, **self.values)]


@dataclass(frozen=True, eq=False, kw_only=True)
class CopyField(RowRepair):
    """Write the source into the copy. Of a FieldDrift it knows both; else, `copies` says them."""

    kind: Kind = Kind.UPDATE
    copies: Mapping[str, Any] = field(default_factory=dict)

    def changes(self) -> Sequence[Change]:
        drift = self.declared
        if self.copies or not isinstance(drift, FieldDrift):
            return [update(**self.copies)]
        return [update(**{drift.field: drift.original()})]


@dataclass(frozen=True, eq=False, kw_only=True)
class Recount(RowRepair):
    """Write what is counted. Of a CounterDrift it knows how; else, `counts` says it."""

    kind: Kind = Kind.UPDATE
    counts: Mapping[str, Any] = field(default_factory=dict)

    def recheck(self) -> "QuerySet[Any]":
        """Counting all of them again for each chunk would cost more than the repair."""
        wrong = Q()
        for counter, count in self._counts().items():
            wrong |= Q(IsDistinctFrom(F(counter), count))
        return self.subject()._base_manager.filter(wrong)

    def changes(self) -> Sequence[Change]:
        return [update(**self._counts())]

    def _counts(self) -> Mapping[str, Any]:
        drift = self.declared
        if self.counts or not isinstance(drift, CounterDrift):
            return self.counts
        counted = drift.counts().filter(**{drift.by: OuterRef(drift.key)}).values("counted")
        return {drift.counter: Coalesce(Subquery(counted), 0)}


@dataclass(frozen=True, eq=False, kw_only=True)
class ChangeRows(RowRepair):
    """Whatever the project says is to be changed for each violating row.

    Args:
        rows: makes the changes; all those of one violating row are written together.
    """

    rows: Callable[[], Sequence[Change]]

    def changes(self) -> Sequence[Change]:
        return self.rows()
