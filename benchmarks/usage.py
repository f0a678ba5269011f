"""One counter, raised by eight processes at once: nothing is lost, and what that costs."""

import multiprocessing
import time
from collections.abc import Callable
from statistics import median

from django.db import connection, connections

from accounts.billing import usage
from accounts.billing.entitlement import Plan
from accounts.models import Metric, UsageCounter, UsageEntry, Wedding
from benchmarks import couples
from benchmarks.measure import Size
from integrity.audit import SYSTEM

COUNT, PROCESSES = 10_000, 8
# One takes a minute or more.
MOST_ROUNDS = 2
Raise = Callable[[int, int], None]


def run(size: Size) -> None:
    """As a process of its own measures itself alone, there is nothing but the wall clock here."""
    usage.LIMITS[Metric.INVITATIONS][Plan.FREE] = 2 * COUNT
    ways: list[tuple[str, Raise]] = [
        ("plain SQL: UPDATE alone, repeats would count", _bare),
        ("plain SQL: entry and UPDATE, one transaction", _with_entry),
        ("use()", _use),
    ]
    times: dict[str, list[float]] = {name: [] for name, _ in ways}
    for _ in range(min(size.rounds, MOST_ROUNDS)):
        for name, way in ways:
            times[name].append(_time(way))
    _print(times)


def _time(way: Raise) -> float:
    couples.clear()
    couples.insert()
    wedding = Wedding.objects.get()
    usage.use(wedding=wedding, metric=Metric.INVITATIONS, operation="first", by=SYSTEM)
    counter = UsageCounter.objects.get()
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    processes = [
        fork.Process(target=_run, args=(way, counter.pk, number)) for number in range(PROCESSES)
    ]
    started = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    taken = time.perf_counter() - started
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert UsageCounter.objects.get().value == COUNT + 1
    assert way is _bare or UsageEntry.objects.count() == COUNT + 1
    return taken / COUNT


def _run(way: Raise, counter: int, number: int) -> None:
    try:
        for each in range(number, COUNT, PROCESSES):
            way(counter, each)
    finally:
        connections.close_all()


def _bare(counter: int, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_usagecounter SET value = value + 1 WHERE id = %s", [counter]
        )


def _with_entry(counter: int, number: int) -> None:
    """One statement is one transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH entry AS (INSERT INTO accounts_usageentry (counter_id, operation_key, delta, at)"
            " VALUES (%s, %s, 1, now()) ON CONFLICT (operation_key) DO NOTHING RETURNING 1)"
            " UPDATE accounts_usagecounter SET value = value + 1"
            " WHERE id = %s AND EXISTS (SELECT FROM entry)",
            [counter, f"bench:{number}", counter],
        )


def _use(counter: int, number: int) -> None:
    wedding = Wedding.objects.get(usage=counter)
    operation = f"bench:{number}"
    usage.use(wedding=wedding, metric=Metric.INVITATIONS, operation=operation, by=SYSTEM)


def _print(times: dict[str, list[float]]) -> None:
    floor = median(next(iter(times.values())))
    print(f"\n{COUNT:,} uses of one counter by {PROCESSES} processes")
    print(f"{'':46}{'wall us':>9}{'min':>8}{'max':>8}{'ratio':>7}")
    for name, taken in times.items():
        wall, least, most = (each * 1e6 for each in (median(taken), min(taken), max(taken)))
        print(f"{name:46}{wall:9,.0f}{least:8,.0f}{most:8,.0f}{median(taken) / floor:7.2f}")
    print("per use, all processes together; none was lost", flush=True)
