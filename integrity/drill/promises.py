"""Which invariants are broken, asked after every shot: all of them in one statement.

A check answers with rows and times; here yes or no is enough, at a tenth of the time. A session that
asks again has planned it already, which is most of the work where tables are small.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import Error, connection
from django.db.models import Value
from psycopg import ClientCursor, Cursor

from integrity.evaluate import evaluate, select
from integrity.invariants.declare import Invariant, Observation

Question = tuple[str, tuple[Any, ...]]


def broken_invariants() -> list[str]:
    """The names of the declared invariants that don't hold; what can't be asked doesn't hold."""
    try:
        return _broken_by_rows() + [each.name for each in _observations() if each.observe()]
    except Error:
        report = evaluate(live=False, current=True)
        return [each.invariant.name for each in report.results if each.result != "holds"]


def prepare() -> None:
    """Forget the statement: the next one is written anew, with today's values."""
    _question.cache_clear()


def _broken_by_rows() -> list[str]:
    connection.ensure_connection()
    driver = connection.connection
    with connection.wrap_database_errors, _planned_once(driver), Cursor(driver) as cursor:
        return [name for (name,) in cursor.execute(_question())]


@contextmanager
def _planned_once(driver: Any) -> Iterator[None]:
    """Django switches prepared statements off, for the whole session and whoever asks for one."""
    usual, driver.prepare_threshold = driver.prepare_threshold, 0
    try:
        yield
    finally:
        driver.prepare_threshold = usual


@cache
def _question() -> bytes:
    """With the values in it: only a statement without parameters is planned once for good."""
    of_rows = [each for each in select((), live=False) if not isinstance(each, Observation)]
    asked = [_ask(declared) for declared in of_rows]
    parts = [(declared.name, one) for declared, one in zip(of_rows, asked, strict=True) if one]
    sql = " UNION ALL ".join(f"SELECT %s::text WHERE EXISTS ({one[0]})" for _, one in parts)
    values = tuple(value for name, one in parts for value in (name, *one[1]))
    text: str = ClientCursor(connection.connection).mogrify(sql or "SELECT '' WHERE false", values)
    return text.encode()


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
