"""Examine invariants, each on a fresh copy of a database that is made for it."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.test.utils import override_settings

from integrity.evaluate import select
from integrity.selftest.breaking import find_breakers
from integrity.selftest.database import copy_of, migrated
from integrity.selftest.examine import Examined, examine

Watch = Callable[[Examined], None]


def selftest(names: Sequence[str] = (), *, watch: Watch = lambda examined: None) -> list[Examined]:
    """Examine the invariants of these names or apps; all, when empty. Raises UnknownName."""
    chosen = select(names)
    find_breakers()
    quiet = {**getattr(settings, "INTEGRITY", {}), "DOORBELL": ""}
    results = []
    with override_settings(INTEGRITY=quiet), migrated() as template:
        for number, declared in enumerate(chosen, 1):
            with copy_of(template, number):
                results.append(examine(declared.name))
            watch(results[-1])
    return results
