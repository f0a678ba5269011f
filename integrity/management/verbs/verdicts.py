"""What a check came to: as a table, as JSON, as JUnit, as an exit code."""

import json
from collections.abc import Collection
from typing import Any

from integrity import cli
from integrity.evaluate import Report, Result
from integrity.invariants import Severity
from integrity.junit import Case, Outcome, as_junit
from integrity.lifecycle import Tally
from integrity.models import Run
from integrity.repair.declare import repairs_of

MOST_KEYS = 100


def as_text(form: str, report: Report, tallies: Any, run: Run | None, fail_on: Severity) -> str:
    """The whole result in one of the forms that machines read."""
    if form == "junit":
        return as_junit("integrity", [_case(each, fail_on) for each in report.results])
    document = _as_document(report, tallies, run)
    if form == "json":
        return json.dumps(document, indent=2)
    entries = document.pop("invariants")
    return "\n".join(json.dumps(each) for each in [*entries, document])


def as_table(report: Report, tallies: Any) -> str:
    totals = [f"{len(report.having(word))} {word}" for word in ("holds", "broken", "unknown")]
    verdict = f"{', '.join(totals)} in {report.seconds:.1f} s: {report.status}"
    return f"{cli.table([_line(each, tallies) for each in report.results])}\n{verdict}"


def _line(each: Result, tallies: Any) -> dict[str, Any]:
    return {
        "invariant": each.invariant.name,
        "severity": each.severity.name.lower(),
        "result": each.result if each.result == "holds" else each.result.upper(),
        "count": each.count,
        "suspected": each.suspected or None,
        "new": _new(each, tallies),
        "rows": each.rows,
        "time": f"{each.seconds * 1000:,.0f} ms",
        "reason": each.reason,
    }


def _new(each: Result, tallies: Any) -> int | None:
    tally: Tally | None = tallies.get(each.invariant.name)
    return tally.new + tally.regressed if tally and each.count is not None else None


def _as_document(report: Report, tallies: Any, run: Run | None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "run": str(run.uid) if run else None,
        "status": report.status,
        "complete": report.complete,
        "looked_at": report.looked_at,
        "invariants": [_entry(each, tallies) for each in report.results],
    }


def _entry(each: Result, tallies: Any) -> dict[str, Any]:
    tally: Tally | None = tallies.get(each.invariant.name)
    return {
        "id": each.invariant.name,
        "severity": each.severity.name.lower(),
        "result": each.result,
        "count": each.count,
        "suspected": each.suspected,
        "stored": len(each.violations) if tally else None,
        "new": tally.new if tally else None,
        "regressed": tally.regressed if tally else None,
        "gone": tally.gone if tally else None,
        "rows": each.rows,
        "seconds": round(each.seconds, 3),
        "reason": each.reason,
        "repair": next((repair.name for repair in repairs_of(each.invariant.name)), None),
        "keys": each.keys,
    }


def _case(each: Result, fail_on: Severity) -> Case:
    """Fails and errs where the exit code would, so that both say the same."""
    outcome, text = Outcome.PASSED, each.reason or ""
    if each.result == "unknown":
        outcome = Outcome.ERROR
    elif each.result == "broken":
        outcome = Outcome.FAILURE if each.severity >= fail_on else Outcome.PASSED
        text = f"{each.severity.name.lower()}: {each.count:,} violations. {text}".rstrip()
        text += "".join(f"\n{key}" for key in each.keys[:MOST_KEYS])
    app, _, what = each.invariant.name.partition(".")
    return Case(app, what, outcome, text, each.seconds)


def what_to_do(broken: Collection[str]) -> str:
    """Where it is written what to do about invariants that are broken."""
    name = "ID" if len(broken) > 1 else "".join(broken)
    return f"what to do: manage.py integrity runbook {name}"


def exit_code(report: Report, fail_on: Severity) -> int:
    """Broken beats unknown: 1 says that something is wrong, 3 that nobody can tell."""
    if any(each.severity >= fail_on for each in report.having("broken")):
        return cli.FOUND
    return cli.UNKNOWN if report.having("unknown") else cli.HOLDS


def code_of(run: Run, fail_on: Severity) -> int:
    """What the run that is there came to."""
    if run.results.filter(result="broken", severity__gte=fail_on).exists():
        return cli.FOUND
    return cli.UNKNOWN if run.results.filter(result="unknown").exists() else cli.HOLDS
