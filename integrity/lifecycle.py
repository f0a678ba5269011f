"""What a check found becomes findings: seen, confirmed, back again, or gone. All of it in SQL."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from integrity.alerts import follow, rename, say_alive
from integrity.evaluate import Report, Result
from integrity.flows import flow
from integrity.invariants.declare import invariants
from integrity.leases import finish, hold
from integrity.models import Finding, Run, RunResult

SQL = Path(__file__).parent / "sql"
SEE = (SQL / "see_findings.sql").read_text()
RESOLVE = (SQL / "resolve_findings.sql").read_text()
RENAME = (SQL / "rename_findings.sql").read_text()


@dataclass(frozen=True)
class Tally:
    """What the result of one invariant changed."""

    new: int = 0
    regressed: int = 0
    gone: int = 0


# A finding is written in a few microseconds, but a night may bring ten thousand of each invariant.
@flow("integrity.record_check", statement_timeout=600.0, lock_timeout=30.0)
def record(*, run: Run, report: Report) -> dict[str, Tally]:
    """Write what the check found, and end its run.

    1. Hold the run: one whose lease was lost writes nothing.
    2. Findings: what was seen, then what is proven gone.
    3. Incidents, and the promise to tell of them.
    4. Results, then the end of the run.

    Raises:
        LeaseLost: the run was given up meanwhile.
    """
    hold(run)
    tallies = {each.invariant.name: _lived(each, run, report) for each in report.results}
    if run.scope == ALL and report.complete:
        _withdraw(report.instant)
    back = [name for name, tally in tallies.items() if tally.regressed]
    follow(run=run, report=report, regressed=back, whole=run.scope == ALL)
    say_alive(run)
    RunResult.objects.bulk_create(
        [_row(each, run, report, tallies[each.invariant.name]) for each in report.results]
    )
    finish(
        run,
        Run.State.SUCCEEDED,
        complete=report.complete,
        status=report.status,
        detail={"looked_at": report.looked_at, **_age(report)},
    )
    return tallies


def _age(report: Report) -> dict[str, float]:
    return {} if report.lag is None else {"replica_lag": round(report.lag, 3)}


ALL = "all"


def _lived(result: Result, run: Run, report: Report) -> Tally:
    """A stale snapshot changes nothing that a later one has settled."""
    _take_over_aliases(result)
    if result.count is None or report.instant is None:
        return Tally()
    values = {"invariant": result.invariant.name, "run": run.uid, "instant": report.instant}
    new, regressed = _ask(SEE, {**values, **_columns(result)}) if result.violations else (0, 0)
    gone = 0
    if result.complete:
        names = [result.invariant.name, *result.invariant.aliases]
        (gone,) = _ask(RESOLVE, {**values, "names": names, "clean": result.clean})
    return Tally(new, regressed, gone)


def _columns(result: Result) -> dict[str, Any]:
    seen = result.violations
    return {
        "severity": int(result.severity),
        "subjects": [each.subject for each in seen],
        "discriminators": [each.discriminator for each in seen],
        "evidence": [json.dumps(each.evidence) for each in seen],
        "suspected": [each.suspected for each in seen],
    }


def _take_over_aliases(result: Result) -> None:
    if result.invariant.aliases:
        names: dict[str, Any] = {
            "name": result.invariant.name,
            "aliases": list(result.invariant.aliases),
        }
        with connection.cursor() as cursor:
            cursor.execute(RENAME, names)
        RunResult.objects.filter(invariant__in=names["aliases"]).update(invariant=names["name"])
        rename(names["aliases"], to=names["name"])


def _withdraw(instant: datetime | None) -> None:
    """Findings of an invariant that nobody declares any more are nobody's business."""
    Finding.objects.exclude(invariant__in=invariants.names()).filter(resolved_at=None).update(
        state=Finding.State.RESOLVED,
        resolution=Finding.Resolution.WITHDRAWN,
        resolved_at=instant,
        until=None,
    )


def _row(result: Result, run: Run, report: Report, tally: Tally) -> RunResult:
    return RunResult(
        run=run,
        invariant=result.invariant.name,
        severity=int(result.severity),
        result=result.result,
        complete=result.complete,
        count=result.count,
        suspected=result.suspected,
        stored=len(result.violations),
        new=tally.new,
        regressed=tally.regressed,
        gone=tally.gone,
        rows=result.rows,
        references=result.references,
        seconds=result.seconds,
        reason=result.reason or "",
        # When it was so: a long sweep must not pass for newer than a look that began after it.
        at=report.instant or Now(),
    )


def _ask(sql: str, values: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()
