"""Evaluate invariants, read-only, at one instant: each holds, is broken, or is unknown."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import Error
from django.db.models import Model

from integrity.conf import config
from integrity.invariants.declare import Invariant, Severity, invariants
from integrity.registry import UnknownName
from integrity.transactions import savepoint, snapshot

STORED_KEYS = 10_000
RowCounts = dict[type[Model], int | None]


@dataclass(frozen=True)
class Result:
    """What one invariant came to. `keys` are the first 10,000 violating rows; `count` is exact."""

    invariant: Invariant
    result: str
    count: int | None
    keys: list[str]
    rows: int | None
    seconds: float
    reason: str | None = None


@dataclass(frozen=True)
class Report:
    results: list[Result]
    seconds: float

    @property
    def status(self) -> str:
        """healthy, degraded (a warning is broken, or something is unknown) or critical."""
        broken = [result.invariant.severity for result in self.results if result.result == "broken"]
        if any(severity >= Severity.ERROR for severity in broken):
            return "critical"
        unknown = any(result.result == "unknown" for result in self.results)
        return "degraded" if unknown or Severity.WARNING in broken else "healthy"

    def having(self, result: str) -> list[Result]:
        return [each for each in self.results if each.result == result]


def select(names: Sequence[str]) -> list[Invariant]:
    """The invariants of these names or apps; all of them for no name.

    Raises:
        UnknownName: a name is neither an invariant nor an app that declares one.
    """
    if not names:
        return list(invariants)
    chosen: dict[str, Invariant] = {}
    for name in names:
        of_app = [each for each in invariants if each.name.startswith(f"{name}.")]
        for each in of_app or [invariants.get(name)]:
            chosen[each.name] = each
    return list(chosen.values())


def evaluate(names: Sequence[str] = (), *, timeout: float | None = None) -> Report:
    """Evaluate in one read-only snapshot.

    Args:
        names: ids of invariants, or labels of apps; all of them when empty.
        timeout: seconds one statement may take; the project's default when None.
    """
    chosen, results, started = select(names), list[Result](), time.monotonic()
    rows: RowCounts = {}
    try:
        with snapshot(statement_timeout=timeout or config().check_timeout):
            results += [_evaluate(each, rows) for each in chosen]
    except Error as error:
        # No snapshot, no proof: the server can't be reached, or went away.
        results = [_unknown(each, error, time.monotonic()) for each in chosen]
    return Report(results, time.monotonic() - started)


def _evaluate(declared: Invariant, rows: RowCounts) -> Result:
    started = time.monotonic()
    try:
        with savepoint():
            violations = declared.violations()
            first = violations.order_by("pk").values_list("pk", flat=True)[: STORED_KEYS + 1]
            keys = [key_text(key) for key in first]
            count = len(keys) if len(keys) <= STORED_KEYS else violations.count()
    except Exception as error:  # noqa: BLE001 - the rim: one bad declaration hides no other's result
        return _unknown(declared, error, started)
    verdict = "broken" if count else "holds"
    total = _rows(violations.model, rows)
    seconds = time.monotonic() - started
    return Result(declared, verdict, count, keys[:STORED_KEYS], total, seconds)


def _unknown(declared: Invariant, error: Exception, started: float) -> Result:
    """The first line of the error: what follows it may quote a row."""
    reason = str(error).partition("\n")[0] or type(error).__name__
    return Result(declared, "unknown", None, [], None, time.monotonic() - started, reason)


def _rows(model: type[Model], known: RowCounts) -> int | None:
    """How many rows the table has, counted once a snapshot; None where that takes too long."""
    if model not in known:
        try:
            with savepoint():
                known[model] = model._base_manager.count()
        except Error:
            known[model] = None
    return known[model]


def key_text(key: object) -> str:
    """A primary key as text; the parts of a composite one are joined by colons."""
    return ":".join(map(str, key)) if isinstance(key, tuple) else str(key)


__all__ = ["Report", "Result", "UnknownName", "evaluate", "key_text", "select"]
