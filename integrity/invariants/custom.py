"""Invariants whose query is written by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from integrity.invariants.declare import Invariant, OfModel, Severity, declare

Query = Callable[[], "QuerySet[Any]"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Custom(Invariant):
    """A queryset of violating rows, written by hand."""

    query: Query

    def violations(self) -> "QuerySet[Any]":
        return self.query()


def invariant(
    name: str, *, statement: str = "", severity: Severity = Severity.ERROR, **options: Any
) -> Callable[[Query], Query]:
    """Declare the decorated function's queryset as the rows that break the statement.

    Args:
        options: all that `Invariant` takes.
    """

    def register(query: Query) -> Query:
        declare(Custom(name, statement=statement, severity=severity, query=query, **options))
        return query

    return register


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomSQL(OfModel):
    """Violating rows by a SELECT that returns their primary keys.

    Args:
        model: whose rows they are.
        sql: one SELECT with one column.
        parameters: for its `%s`; a literal percent sign is `%%`.
    """

    sql: str
    parameters: tuple[Any, ...] = ()

    def violations(self) -> "QuerySet[Any]":
        return self.subject()._base_manager.filter(pk__in=RawSQL(self.sql, self.parameters))
