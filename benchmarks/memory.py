"""The memory of a process that checks everything, against one that keeps the keys in sets."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from django.db import connection

from benchmarks import population
from benchmarks.measure import Size

STATUS = Path("/proc/self/status")


def run(size: Size) -> None:
    if not STATUS.exists():
        print("\nMemory: not measured, as this system has no /proc")
        return
    population.fill(size.users)
    print(f"\nPeak memory of a process, {size.users:,} couples")
    floor = _peak_of(nothing)
    for name, work in (
        ("a process with Django and a connection", nothing),
        ("evaluate(): every check", sweep),
        ("two sets of keys, compared in Python", two_sets),
    ):
        peak = _peak_of(work)
        print(f"{name:46}{peak:11,.0f} MB{peak - floor:+11,.0f} MB")


def _peak_of(work: Callable[[], None]) -> float:
    """In a fresh process, which nothing has warmed up."""
    spawned = multiprocessing.get_context("spawn")
    database = str(connection.settings_dict["NAME"])
    with ProcessPoolExecutor(1, mp_context=spawned) as pool:
        return pool.submit(_measure, database, work.__name__).result()


def _measure(database: str, work: str) -> float:
    import django

    django.setup()
    connection.settings_dict["NAME"] = database
    connection.ensure_connection()
    {each.__name__: each for each in (nothing, sweep, two_sets)}[work]()
    connection.close()
    (peak,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")]
    return int(peak.split()[1]) / 1024


def nothing() -> None:
    """What the others are held against."""


def sweep() -> None:
    from integrity.evaluate import evaluate

    results = evaluate(["accounts", "onboarding"], timeout=600.0).results
    assert {each.result for each in results} == {"holds", "broken"}


def two_sets() -> None:
    from accounts.models import Profile, User

    users = set(User.objects.values_list("pk", flat=True).iterator())
    profiles = set(Profile.objects.values_list("pk", flat=True).iterator())
    assert users - profiles
