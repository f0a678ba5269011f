"""Which invariants are broken, asked after every shot: all of them in one statement.

A check answers with rows and times; here yes or no is enough, at a tenth of the time.
"""

from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import Error, connection
from django.db.models import Value

from integrity.evaluate import evaluate, select
from integrity.invariants.declare import Invariant, Observation

Question = tuple[str, tuple[Any, ...]]


def broken_invariants() -> list[str]:
    """The names of the declared invariants that don't hold; what can't be asked doesn't hold."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(*_question())
            broken = [name for (name,) in cursor.fetchall()]
        return broken + [each.name for each in _observations() if each.observe()]
    except Error:
        report = evaluate(live=False, current=True)
        return [each.invariant.name for each in report.results if each.result != "holds"]


def prepare() -> None:
    """Forget the statement: the next one is written anew, with today's values."""
    _question.cache_clear()


@cache
def _question() -> Question:
    of_rows = [each for each in select((), live=False) if not isinstance(each, Observation)]
    asked = [_ask(declared) for declared in of_rows]
    parts = [(declared.name, one) for declared, one in zip(of_rows, asked, strict=True) if one]
    sql = " UNION ALL ".join(f"SELECT %s::text WHERE EXISTS ({one[0]})" for _, one in parts)
    return sql or "SELECT '' WHERE false", tuple(
        value for name, one in parts for value in (name, *one[1])
    )


def _observations() -> list[Observation]:
    return [each for each in select((), live=False) if isinstance(each, Observation)]


def _ask(declared: Invariant) -> Question | None:
    """None for a queryset that can't have rows."""
    violations = declared.violations().order_by().values_list(Value(1))[:1]
    try:
        sql, parameters = violations.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, tuple(parameters)
