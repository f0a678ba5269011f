"""Each check of the domain against the SQL that one would write for it by hand."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection, transaction

from benchmarks import population
from benchmarks.measure import Cell, Size, compare
from integrity.invariants import invariants
from integrity.invariants.violations import read
from integrity.transactions import snapshot

PATIENCE = 600.0
Settings = Callable[[], AbstractContextManager[None]]


def run(size: Size) -> None:
    population.fill(size.users)
    for name, sql, faults in by_hand():
        expected = faults * size.users // population.STRIDE
        cells = [
            Cell("by hand, with the settings of a check", _asked(sql, expected), 1),
            Cell("the check", _read(name, expected, our_settings), 1),
            Cell("the check, with the planner's own settings", _read(name, expected, usual), 1),
        ]
        compare(f"{name} ({expected:,} broken)", cells, rounds=size.rounds)


def by_hand() -> list[tuple[str, str, int]]:
    """Each invariant, its SQL, and how many of its faults one stride of couples has."""
    statements = (population.SQL / "checks.sql").read_text().removeprefix("-- ").split("\n-- ")
    asked = [each.partition("\n") for each in statements]
    heads = [head.partition(": ") for head, _, _ in asked]
    return [
        (name, sql, int(faults))
        for (name, _, faults), (_, _, sql) in zip(heads, asked, strict=True)
    ]


def _asked(sql: str, expected: int) -> Callable[[], None]:
    def run() -> None:
        with our_settings(), connection.cursor() as cursor:
            cursor.execute(sql)
            assert len(cursor.fetchall()) == expected

    return run


def _read(name: str, expected: int, settings: Settings) -> Callable[[], None]:
    declared = invariants.get(name)

    def run() -> None:
        with settings():
            found = read(declared, declared.violations())
        assert found.total == expected

    return run


def our_settings() -> AbstractContextManager[None]:
    return snapshot(statement_timeout=PATIENCE)


@contextmanager
def usual() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE:.0f}s"])
        yield
