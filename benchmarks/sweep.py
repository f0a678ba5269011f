"""A whole check of the domain, against its bare SQL and against a loop over the rows."""

from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from accounts.models import User
from benchmarks import population
from benchmarks.checks import PATIENCE, by_hand, our_settings, usual
from benchmarks.measure import Cell, Size, compare
from integrity.audit import SYSTEM
from integrity.evaluate import evaluate
from integrity.invariants import invariants
from integrity.invariants.violations import read
from integrity.models import Finding
from integrity.sweep import check

DOMAIN = ("accounts", "onboarding")
# A loop over all of them would take hours.
LOOPED = 2_000


def run(size: Size) -> None:
    population.fill(size.users)
    users, found = size.users, sum(faults for _, _, faults in by_hand())
    expected = found * users // population.STRIDE
    cells = [
        Cell("the same statements by hand, one snapshot", _by_hand(expected), users),
        Cell("evaluate()", _evaluate(expected), users),
        Cell("check(): with a run and its findings", _check(expected), users, _forget),
        Cell("the checks, the planner's own settings", _usual(expected), users),
        Cell("a loop over the ORM: three of the checks", _loop, LOOPED),
    ]
    compare(f"A check of {users:,} couples, per couple", cells, rounds=size.rounds)


def _by_hand(expected: int) -> Callable[[], None]:
    def run() -> None:
        found = 0
        with our_settings(), connection.cursor() as cursor:
            for _, sql, _ in by_hand():
                cursor.execute(sql)
                found += len(cursor.fetchall())
        assert found == expected

    return run


def _evaluate(expected: int) -> Callable[[], None]:
    def run() -> None:
        results = evaluate(DOMAIN, timeout=PATIENCE).results
        assert not [each for each in results if each.result == "unknown"]
        named = {name for name, _, _ in by_hand()}
        assert sum(each.count or 0 for each in results if each.invariant.name in named) == expected

    return run


def _check(expected: int) -> Callable[[], None]:
    def run() -> None:
        done = check(DOMAIN, by=SYSTEM, timeout=PATIENCE)
        assert done.run.complete
        assert Finding.objects.count() >= expected

    return run


def _usual(expected: int) -> Callable[[], None]:
    def run() -> None:
        with usual():
            declared = [invariants.get(name) for name, _, _ in by_hand()]
            found = sum(read(each, each.violations()).total for each in declared)
        assert found == expected

    return run


def _loop() -> None:
    """What is written where nobody thinks of sets: ghosts, drift and lost weddings, one by one."""
    broken = 0
    for user in User.objects.order_by("pk")[:LOOPED]:
        try:
            broken += user.profile.email != user.email
        except ObjectDoesNotExist:
            broken += 1
        broken += not hasattr(user, "membership")
    # Of the first stride: two ghosts, one drifted address, one lost wedding.
    assert broken == 4


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE integrity_finding, integrity_run CASCADE")
