"""Writing what a check found: findings that are new, seen again, and gone."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from benchmarks.measure import Cell, Size, compare
from integrity.audit import SYSTEM
from integrity.evaluate import Report, Result
from integrity.invariants import Invariant, Severity
from integrity.invariants.violations import STORED, Violation
from integrity.leases import begin
from integrity.lifecycle import record
from integrity.models import Finding, Run

LARGE = 100_000
STATE = Finding.State
INSERT = """
INSERT INTO integrity_finding (
    uid, invariant, subject, discriminator, fingerprint, state, severity, evidence, regressed,
    first_seen_at, present_since, opened_at, last_seen_at, occurrences, assignee, reason,
    resolution, first_run, last_run, version
)
SELECT
    gen_random_uuid(), 'bench.promise_' || n / 10000, 'bench.row:' || n, '',
    encode(sha256(convert_to('bench.row:' || n, 'UTF8')), 'hex'), 'open', 3, '{"actual": "x"}',
    false, now(), now(), now(), now(), 1, '', '', '', gen_random_uuid(), gen_random_uuid(), 0
FROM generate_series(0, %s - 1) AS n
"""


def run(size: Size) -> None:
    for count in (1_000, min(LARGE, size.users)):
        cells = [
            Cell("bare INSERT … SELECT", _insert(count), count, _empty),
            Cell("record(): all new", _recorded(count, STATE.OPEN), count, _empty),
            Cell("record(): all seen again", _recorded(count, STATE.OPEN), count, _known(count)),
            Cell("record(): all gone", _recorded(0, STATE.RESOLVED, count), count, _known(count)),
        ]
        compare(f"The life of {count:,} findings, per finding", cells, rounds=size.rounds)
    _empty()


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE integrity_finding, integrity_run CASCADE")
        cursor.execute("CHECKPOINT")


def _known(count: int) -> Callable[[], None]:
    def before() -> None:
        _empty()
        _record(_report(count))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) integrity_finding")

    return before


def _insert(count: int) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [count])
            assert cursor.rowcount == count

    return run


def _recorded(count: int, state: str, of: int = 0) -> Callable[[], None]:
    report = _report(count, of)

    def run() -> None:
        _record(report)
        assert Finding.objects.filter(state=state).count() == (count or of)

    return run


def _record(report: Report) -> None:
    run = begin(kind=Run.Kind.CHECK, scope=str(uuid.uuid4()), by=SYSTEM)
    report = Report(report.results, 0, _now())
    record(run=run, report=report)


def _report(count: int, of: int = 0) -> Report:
    """So many violations, the most an invariant stores each; of invariants that found so many."""
    results = [
        _result(first // STORED, range(min(first, count), min(first + STORED, count)))
        for first in range(0, of or count, STORED)
    ]
    return Report(results, 0, None)


def _result(number: int, rows: range) -> Result:
    violations = [Violation(f"bench.row:{row}", str(row), {"actual": "x"}) for row in rows]
    word = "broken" if violations else "holds"
    declared = Invariant(f"bench.promise_{number}", statement="Measured.")
    return Result(
        declared, word, len(rows), 0, Severity.ERROR, violations=violations, complete=True
    )


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now
