"""Evaluate invariants, read-only, at one instant: each holds, is broken, or is unknown."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from django.db import Error

from integrity.conf import config
from integrity.invariants.declare import Invariant, Observation, Severity, invariants
from integrity.invariants.references import (
    Inconclusive,
    NotAsked,
    count_references,
    refuse_doubtful,
)
from integrity.invariants.violations import (
    Reading,
    Tables,
    Violation,
    proven_clean,
    read,
    read_again,
)
from integrity.replica import Unfit, view
from integrity.rungs import FULL, Estimate, NotApplicable, Rung
from integrity.transactions import savepoint


@dataclass(frozen=True)
class Result:
    """What one invariant came to. `violations` are the first 10,000; `count` is exact.

    `count` leaves out the suspected. `severity` is what so many violations amount to. `clean` are
    the findings that are proven not to hold any more; None stands for all that weren't seen.
    """

    invariant: Invariant
    result: str
    count: int | None
    seconds: float
    severity: Severity
    violations: list[Violation] = field(default_factory=list)
    suspected: int = 0
    rows: int | None = None
    reason: str | None = None
    complete: bool = False
    references: dict[str, int] = field(default_factory=dict)
    clean: list[int] | None = None

    @property
    def keys(self) -> list[str]:
        return [each.key for each in self.violations]


@dataclass(frozen=True)
class Report:
    results: list[Result]
    seconds: float
    # By the primary's clock, not after the snapshot was taken; None if there was no snapshot.
    instant: datetime | None
    looked_at: str = FULL.label
    # How many seconds the replica was behind that was read; None where the primary was.
    lag: float | None = None

    @property
    def status(self) -> str:
        """healthy, degraded (a warning is broken, or something is unknown) or critical."""
        broken = [result.severity for result in self.results if result.result == "broken"]
        if any(severity >= Severity.ERROR for severity in broken):
            return "critical"
        unknown = any(result.result == "unknown" for result in self.results)
        return "degraded" if unknown or Severity.WARNING in broken else "healthy"

    @property
    def complete(self) -> bool:
        return all(each.complete for each in self.results)

    def having(self, result: str) -> list[Result]:
        return [each for each in self.results if each.result == result]


Watch = Callable[[Result], None]


def select(names: Sequence[str], *, live: bool = True) -> list[Invariant]:
    """The invariants of these names or apps; all of them for no name.

    Args:
        live: also those that hold only while the processes run.

    Raises:
        UnknownName: a name is neither an invariant nor an app that declares one.
    """
    if not names:
        return [each for each in invariants if live or not each.live]
    chosen: dict[str, Invariant] = {}
    for name in names:
        of_app = [each for each in invariants if each.name.startswith(f"{name}.")]
        for each in of_app or [invariants.get(name)]:
            chosen[each.name] = each
    return list(chosen.values())


@dataclass
class _Look:
    """What the invariants of one evaluation share."""

    rung: Rung
    accept_shrinkage: bool
    tables: Tables = field(default_factory=Tables)


def evaluate(
    names: Sequence[str] = (),
    *,
    timeout: float | None = None,
    rung: Rung = FULL,
    live: bool = True,
    accept_shrinkage: bool = False,
    current: bool = False,
    watch: Watch = lambda result: None,
) -> Report:
    """Evaluate in one read-only snapshot, on the replica if settings name one.

    What a replica shows that lags is asked of the primary again, row by row, before anybody is
    told: neither is opened what is mended there, nor resolved what is broken there.

    Args:
        names: ids of invariants, or labels of apps; all of them when empty.
        timeout: seconds one statement may take; the project's default when None.
        rung: how thoroughly; only the full one proves that an invariant holds.
        live: also those that hold only while the processes run.
        accept_shrinkage: reference tables are believed though they lost many rows.
        current: on the primary, where the caller's own writes must be seen.
        watch: told of each result as it comes.
    """
    chosen, look = select(names, live=live), _Look(rung, accept_shrinkage)
    patience = timeout or config().check_timeout
    started, results = time.monotonic(), list[Result]()
    try:
        with view(statement_timeout=patience, current=current) as seen:
            for each in chosen:
                results.append(_guarded(each, partial(_judged, each, look)))
                watch(results[-1])
        instant, lag = seen.instant, seen.lag
        if lag:
            results, instant = _confirmed(results, look, patience)
    except (Error, Unfit) as error:
        # No snapshot, no proof: the server can't be reached, or went away.
        results, instant, lag = [_unknown(each, _first_line(error)) for each in chosen], None, None
    return Report(results, time.monotonic() - started, instant, rung.label, lag)


def _confirmed(
    results: list[Result], look: _Look, patience: float
) -> tuple[list[Result], datetime]:
    """What the primary says of it, and when."""
    look = _Look(look.rung, look.accept_shrinkage)
    with view(statement_timeout=patience, current=True) as now:
        return [_asked_again(each, look) for each in results], now.instant


def _asked_again(result: Result, look: _Look) -> Result:
    if result.count is None:
        return result
    again = _guarded(result.invariant, partial(_again, result, look))
    return replace(again, seconds=result.seconds + again.seconds)


def _again(result: Result, look: _Look) -> Result:
    declared = result.invariant
    if isinstance(declared, Observation):
        return _judged(declared, look)
    violations = look.rung.narrow(declared, declared.violations())
    before = Reading(result.violations, (result.count or 0) + result.suspected, result.suspected)
    reading = read_again(declared, violations, before)
    clean = proven_clean(declared, violations) if look.rung.full else None
    verdict = _verdict(declared, look, reading, rows=result.rows)
    return replace(verdict, references=result.references, clean=clean)


def _guarded(declared: Invariant, judge: Callable[[], Result]) -> Result:
    started = time.monotonic()
    try:
        with savepoint():
            result = judge()
    except NotAsked as nothing:
        reason = str(nothing)
        result = Result(declared, "holds", 0, 0, declared.severity, reason=reason, complete=True)
    except (Inconclusive, NotApplicable) as refusal:
        result = _unknown(declared, str(refusal))
    except Exception as error:  # noqa: BLE001 - the rim: one bad declaration hides no other's result
        result = _unknown(declared, _first_line(error))
    return replace(result, seconds=time.monotonic() - started)


def _first_line(error: Exception) -> str:
    """What follows it may quote a row."""
    return str(error).partition("\n")[0] or type(error).__name__


def _unknown(declared: Invariant, reason: str) -> Result:
    return Result(declared, "unknown", None, 0, declared.severity, reason=reason)


def _judged(declared: Invariant, look: _Look) -> Result:
    references = count_references(declared, look.tables)
    if isinstance(declared, Observation):
        return _verdict(declared, look, read(declared, None), rows=None)
    violations = declared.violations()
    rows = look.tables.rows(violations.model)
    if isinstance(look.rung, Estimate):
        guess = look.rung.guess(violations)
        return _unknown(declared, look.rung.unproven(found=guess, rows=rows or 0))
    violations = look.rung.narrow(declared, violations)
    reading = read(declared, violations)
    if reading.total and not look.accept_shrinkage:
        refuse_doubtful(declared, references)
    clean = proven_clean(declared, violations) if reading.overflows and look.rung.full else None
    verdict = _verdict(declared, look, reading, rows=rows)
    return replace(verdict, references=references, clean=clean)


def _verdict(declared: Invariant, look: _Look, reading: Reading, *, rows: int | None) -> Result:
    count = reading.total - reading.suspected
    severity = declared.severity_of(count=count, rows=rows or 0)
    full = look.rung.full or isinstance(declared, Observation)
    word = "broken" if severity else "holds" if full else "unknown"
    return Result(
        declared,
        word,
        count,
        0,
        severity or (Severity.INFO if count else declared.severity),
        violations=reading.stored,
        suspected=reading.suspected,
        rows=rows,
        reason=_reason(declared, look.rung, count, rows or 0, word) if not full or count else None,
        complete=full,
    )


def _reason(declared: Invariant, rung: Rung, count: int, rows: int, word: str) -> str | None:
    if word == "holds":
        return f"{count:,} tolerated by warn_if {declared.warn_if}"
    return rung.unproven(found=count, rows=rows) or None
