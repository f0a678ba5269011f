"""Copies and counters that no longer say what they were taken from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage
from django.db import connection
from django.db.models import Count, F, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Coalesce

from integrity.invariants import problems
from integrity.invariants.declare import EVERY_ROW, OfModel
from integrity.invariants.evidence import Masked
from integrity.invariants.lookups import IsDistinctFrom
from integrity.invariants.names import model_named


@dataclass(frozen=True, eq=False, kw_only=True)
class FieldDrift(OfModel):
    """Rows whose copy differs from its source; NULL differs from everything but NULL.

    Args:
        field: the copy.
        source: the path to the original, such as `user__email`, or what makes its expression.
        personal: the evidence shows no more than a value's first letter and length.
    """

    field: str
    source: str | Callable[[], Combinable]
    where: Q = EVERY_ROW
    personal: bool = False

    def violations(self) -> "QuerySet[Any]":
        source = self.original()
        differing = self.subject()._base_manager.filter(
            self.where, IsDistinctFrom(F(self.field), source)
        )
        shown = Masked if self.personal else _plain
        rows: QuerySet[Any] = differing.annotate(
            expected=shown(source), actual=shown(F(self.field))
        )
        return rows

    def original(self) -> Combinable:
        return F(self.source) if isinstance(self.source, str) else self.source()

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        yield from problems.of_path(self, model, self.field)
        if isinstance(self.source, str):
            yield from problems.of_path(self, model, self.source)


def _plain(expression: Any) -> Any:
    return expression


@dataclass(frozen=True, eq=False, kw_only=True)
class CounterDrift(OfModel):
    """Rows whose stored count, or sum, isn't that of the rows it counts.

    Args:
        model: who keeps the counter.
        counter: the field that holds it.
        counted: the model whose rows are counted.
        by: the foreign key of the counted rows.
        key: what `by` is compared with; the primary key, if blank.
        where: which rows count.
        total: the field to sum up, instead of counting.
    """

    counter: str
    counted: str
    by: str
    key: str = "pk"
    where: Q = EVERY_ROW
    total: str = ""

    def violations(self) -> "QuerySet[Any]":
        right = self.counts().filter(**{self.by: OuterRef(self.key)}).values("counted")
        drifted = self.subject()._base_manager.filter(pk__in=self._drifted())
        rows: QuerySet[Any] = drifted.annotate(
            expected=Coalesce(Subquery(right), 0), actual=F(self.counter)
        )
        return rows

    def counts(self) -> "QuerySet[Any]":
        """One row for each key that is counted at all."""
        measure = Sum(self.total) if self.total else Count("*")
        counted = model_named(self.counted)._base_manager.filter(self.where)
        counts: QuerySet[Any] = counted.order_by().values(self.by).annotate(counted=measure)
        return counts

    def _drifted(self) -> RawSQL:
        """All counts are taken once and joined; a subquery for each row costs several times that."""
        counts, parameters = self.counts().values_list(self.by, "counted").query.sql_with_params()
        quote = connection.ops.quote_name
        meta = self.subject()._meta
        names = {
            "pk": quote(meta.pk.column),
            "key": quote(meta.pk.column if self.key == "pk" else _column(meta, self.key)),
            "counter": quote(_column(meta, self.counter)),
            "table": quote(meta.db_table),
        }
        return RawSQL(_DRIFTED.format(counts=counts, **names), parameters)

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        for path in (self.counter, self.key):
            yield from problems.of_path(self, model, path)
        try:
            counted = model_named(self.counted)
        except LookupError as error:
            yield problems.unknown_model(self, error)
            return
        for path in filter(None, (self.by, self.total)):
            yield from problems.of_path(self, counted, path)


_DRIFTED = """
SELECT keeper.{pk} FROM {table} keeper
LEFT JOIN ({counts}) AS counts (counted_key, counted) ON counts.counted_key = keeper.{key}
WHERE keeper.{counter} IS DISTINCT FROM coalesce(counts.counted, 0)
"""


def _column(meta: Any, name: str) -> str:
    column: str = meta.get_field(name).column
    return column
