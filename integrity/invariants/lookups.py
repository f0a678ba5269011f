"""Comparison that knows NULL: `<>` is never true of it, so `exclude(a=F("b"))` misses such rows."""

from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:  # only the stubs' class can be subscribed
    Comparison = Lookup[Any]
else:
    Comparison = Lookup


@Field.register_lookup
class IsDistinctFrom(Comparison):
    """`a IS DISTINCT FROM b`, also as `filter(a__is_distinct_from=F("b"))`."""

    lookup_name = "is_distinct_from"
    # None is a value to compare with here, not a mistake.
    can_use_none_as_rhs = True

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        left, left_parameters = self.process_lhs(compiler, connection)
        right, right_parameters = self.process_rhs(compiler, connection)
        return f"{left} IS DISTINCT FROM {right}", (*left_parameters, *right_parameters)
