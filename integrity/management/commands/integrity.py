"""`manage.py integrity`: list what must hold, and check whether it does."""

import json
from typing import Any

from integrity import cli
from integrity.evaluate import Report, Result, evaluate, select
from integrity.invariants import Invariant, Severity
from integrity.registry import UnknownName

SEVERITIES = [severity.name.lower() for severity in Severity]


class Command(cli.VerbCommand):
    help = "List and check the invariants. Checks are read-only."

    def add_verbs(self) -> None:
        listing = self.add_verb("list", "List the declared invariants.")
        check = self.add_verb("check", "Evaluate invariants at one instant, read-only.")
        for verb in (listing, check):
            verb.add_argument("names", nargs="*", metavar="ID|APP", help="default: all")
        check.add_argument(
            "--fail-on", choices=SEVERITIES, default="error", help="exit 1 from here up"
        )
        check.add_argument(
            "--timeout", type=cli.seconds, metavar="SECONDS", help="for one statement"
        )

    def verb_list(self, options: dict[str, Any]) -> int:
        self.show(options, [_declared(each) for each in self._select(options)])
        return cli.HOLDS

    def verb_check(self, options: dict[str, Any]) -> int:
        names = [each.name for each in self._select(options)]
        report = evaluate(names, timeout=options["timeout"])
        if options["format"] == "json":
            self.stdout.write(json.dumps(_as_document(report), indent=2))
        else:
            self._print(report)
        return _exit_code(report, Severity[options["fail_on"].upper()])

    def _select(self, options: dict[str, Any]) -> list[Invariant]:
        try:
            return select(options["names"])
        except UnknownName as error:
            raise cli.usage(f"{error} See: manage.py integrity list") from error

    def _print(self, report: Report) -> None:
        self.stdout.write(cli.table([_line(each) for each in report.results]))
        totals = [f"{len(report.having(word))} {word}" for word in ("holds", "broken", "unknown")]
        self.stdout.write(f"{', '.join(totals)} in {report.seconds:.1f} s: {report.status}")
        for each in report.having("broken"):
            self.say(f"{each.invariant.name}: {', '.join(each.keys[:10])}")


def _declared(each: Invariant) -> dict[str, Any]:
    return {
        "invariant": each.name,
        "severity": each.severity.name.lower(),
        "statement": each.statement,
    }


def _line(each: Result) -> dict[str, Any]:
    return {
        "invariant": each.invariant.name,
        "severity": each.invariant.severity.name.lower(),
        "result": each.result if each.result == "holds" else each.result.upper(),
        "count": each.count,
        "rows": each.rows,
        "time": f"{each.seconds * 1000:,.0f} ms",
        "reason": each.reason,
    }


def _as_document(report: Report) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "run": None,
        "status": report.status,
        "invariants": [_entry(each) for each in report.results],
    }


def _entry(each: Result) -> dict[str, Any]:
    return {
        "id": each.invariant.name,
        "severity": each.invariant.severity.name.lower(),
        "result": each.result,
        "count": each.count,
        "stored": None,
        "new": None,
        "rows": each.rows,
        "seconds": round(each.seconds, 3),
        "reason": each.reason,
        "repair": None,
        "keys": each.keys,
    }


def _exit_code(report: Report, fail_on: Severity) -> int:
    """Broken beats unknown: 1 says that something is wrong, 3 that nobody can tell."""
    if any(each.invariant.severity >= fail_on for each in report.having("broken")):
        return cli.FOUND
    return cli.UNKNOWN if report.having("unknown") else cli.HOLDS
