"""How to break what the database keeps: only ever on a database that nobody needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.utils.module_loading import autodiscover_modules

from integrity.registry import Registry
from integrity.repair.names import quoted

Break = Callable[[], object]


@dataclass(frozen=True)
class Breaker:
    """Makes whole data, then breaks one invariant of it."""

    name: str
    break_it: Break


breakers: Registry[Breaker] = Registry("breaker")


def breaker(invariant: str) -> Callable[[Break], Break]:
    """Declare the decorated function as what breaks this invariant, by one row at least."""

    def register(break_it: Break) -> Break:
        breakers.add(Breaker(invariant, break_it))
        return break_it

    return register


def find_breakers() -> None:
    """They are of no use to a running site, so it doesn't import them."""
    autodiscover_modules("breakers")


@contextmanager
def unguarded(*tables: str) -> Iterator[None]:
    """The block writes what these tables' triggers, checks and foreign keys would refuse.

    Afterwards they are there again, for all rows but those that are there now.
    """
    kept = [(table, *each) for table in tables for each in _constraints(table)]
    for table in tables:
        _execute(f"ALTER TABLE {quoted(table)} DISABLE TRIGGER USER")
    for table, name, _ in kept:
        _execute(f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {quoted(name)}")
    yield
    for table, name, definition in kept:
        # Without NOT VALID it would look for what was just broken.
        plain = definition.removesuffix(" NOT VALID")
        _execute(f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {quoted(name)} {plain} NOT VALID")
    for table in tables:
        _execute(f"ALTER TABLE {quoted(table)} ENABLE TRIGGER USER")


def _constraints(table: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype IN ('c', 'f') ORDER BY conname",
            [quoted(table)],
        )
        return list(cursor.fetchall())


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
