"""`integrity list`, `check` and `sweep`: what must hold, and whether it does."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from integrity import cli
from integrity.audit import command_actor
from integrity.evaluate import Report, Result, evaluate, select
from integrity.invariants import Invariant, Severity
from integrity.leases import AlreadyRunning, LeaseLost, SlotTaken
from integrity.lifecycle import Tally
from integrity.models import Run
from integrity.registry import UnknownName
from integrity.rungs import FULL, Estimate, Rung, Sample, Since, since
from integrity.sweep import check, fill_slot

SEVERITIES = [severity.name.lower() for severity in Severity]


class CheckingVerbs(cli.VerbCommand):
    def add_checking_verbs(self) -> None:
        listing = self.add_verb("list", "List the declared invariants.")
        checking = self.add_verb("check", "Check invariants at one instant, and record findings.")
        sweeping = self.add_verb("sweep", "Check everything as the run that is due: for cron.")
        _add_judging(sweeping)
        for verb in (listing, checking):
            verb.add_argument("names", nargs="*", metavar="ID|APP", help="default: all")
        _add_looking(checking)
        rungs = checking.add_mutually_exclusive_group()
        rungs.add_argument("--sample", type=_percentage, metavar="PERCENT", help="of the rows")
        rungs.add_argument("--since", type=_ago, metavar="24h", help="rows that changed since")
        rungs.add_argument("--estimate", action="store_true", help="by statistics alone")
        checking.add_argument("--no-record", action="store_true", help="write nothing at all")

    def verb_list(self, options: dict[str, Any]) -> int:
        self.show(options, [_declared(each) for each in self.select(options)])
        return cli.HOLDS

    def verb_check(self, options: dict[str, Any]) -> int:
        self.select(options)
        looking = {
            "timeout": options["timeout"],
            "rung": _rung(options),
            "accept_shrinkage": options["accept_shrinkage"],
            "watch": self.watcher(options),
        }
        if options["no_record"]:
            report = evaluate(options["names"], **looking)
            return self.tell(options, report, {}, None)
        with cli.stoppable():
            return self.record(options, lambda: self._checked(options, looking))

    def _checked(self, options: dict[str, Any], looking: dict[str, Any]) -> int:
        done = check(options["names"], by=command_actor(options["reason"]), **looking)
        return self.tell(options, done.report, done.tallies, done.run)

    def verb_sweep(self, options: dict[str, Any]) -> int:
        with cli.stoppable():
            return self.record(options, lambda: self._swept(options))

    def _swept(self, options: dict[str, Any]) -> int:
        watch = self.watcher(options)
        try:
            done = fill_slot(by=command_actor(), timeout=options["timeout"], watch=watch)
        except SlotTaken as error:
            self.say(f"Not made twice: {error}.")
            return _code_of(error.run, Severity[options["fail_on"].upper()])
        return self.tell(options, done.report, done.tallies, done.run)

    def record(self, options: dict[str, Any], checked: Callable[[], int]) -> int:
        try:
            return checked()
        except AlreadyRunning as error:
            raise cli.refused(f"Not started: {error}.") from error
        except LeaseLost as error:
            raise cli.unknown(f"Run {error} was given up: it gave no sign of life.") from error

    def select(self, options: dict[str, Any]) -> list[Invariant]:
        try:
            return select(options["names"])
        except UnknownName as error:
            raise cli.usage(f"{error} See: manage.py integrity list") from error

    def watcher(self, options: dict[str, Any]) -> Callable[[Result], None]:
        """Somebody who waits is told of each result as it comes."""
        if not self.stderr.isatty() and options["verbosity"] < 2:
            return lambda result: None
        started, done, total = time.monotonic(), [0], len(select(options.get("names", ())))

        def tell(result: Result) -> None:
            done[0] += 1
            left = (time.monotonic() - started) / done[0] * (total - done[0])
            speed = f", {result.rows / result.seconds:,.0f} rows/s" if result.rows else ""
            self.say(
                f"{done[0]}/{total} {result.invariant.name} {result.result}"
                f" in {result.seconds:.2f} s{speed}, about {left:.0f} s to go"
            )

        return tell

    def tell(self, options: dict[str, Any], report: Report, tallies: Any, run: Run | None) -> int:
        if options["format"] == "table":
            self._print(report, tallies, run)
        else:
            document = _as_document(report, tallies, run)
            self.write_document(options, document)
        return exit_code(report, Severity[options["fail_on"].upper()])

    def write_document(self, options: dict[str, Any], document: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps(document, indent=2))
            return
        for entry in document.pop("invariants"):
            self.stdout.write(json.dumps(entry))
        self.stdout.write(json.dumps(document))

    def _print(self, report: Report, tallies: Any, run: Run | None) -> None:
        self.stdout.write(cli.table([_line(each, tallies) for each in report.results]))
        totals = [f"{len(report.having(word))} {word}" for word in ("holds", "broken", "unknown")]
        self.stdout.write(f"{', '.join(totals)} in {report.seconds:.1f} s: {report.status}")
        if not report.complete:
            self.say(f"Not proven: looked at {report.looked_at}, and only what holds is proven.")
        for each in report.having("broken"):
            self.say(f"{each.invariant.name}: {', '.join(each.keys[:10])}")
        if run:
            self.say(f"run {run.uid}; see: manage.py integrity findings")


def _add_judging(verb: ArgumentParser) -> None:
    verb.add_argument("--fail-on", choices=SEVERITIES, default="error", help="exit 1 from here up")
    verb.add_argument("--timeout", type=float, metavar="SECONDS", help="for one statement")


def _add_looking(verb: ArgumentParser) -> None:
    _add_judging(verb)
    verb.add_argument("--reason", default="", help="why, for the record")
    verb.add_argument(
        "--accept-shrinkage",
        action="store_true",
        help="believe reference tables that lost many rows, from now on",
    )


def _rung(options: dict[str, Any]) -> Rung:
    if options["estimate"]:
        return Estimate()
    return options["sample"] or options["since"] or FULL


def _percentage(text: str) -> Sample:
    percent = float(text.rstrip("% "))
    if not 0 < percent < 100:
        raise ValueError(text)
    return Sample(percent)


def _ago(text: str) -> Since:
    return since(text)


def _declared(each: Invariant) -> dict[str, Any]:
    return {
        "invariant": each.name,
        "severity": each.severity.name.lower(),
        "owner": each.owner or None,
        "statement": each.statement,
    }


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
        "repair": None,
        "keys": each.keys,
    }


def exit_code(report: Report, fail_on: Severity) -> int:
    """Broken beats unknown: 1 says that something is wrong, 3 that nobody can tell."""
    if any(each.severity >= fail_on for each in report.having("broken")):
        return cli.FOUND
    return cli.UNKNOWN if report.having("unknown") else cli.HOLDS


def _code_of(run: Run, fail_on: Severity) -> int:
    """What the run that is there came to."""
    if run.results.filter(result="broken", severity__gte=fail_on).exists():
        return cli.FOUND
    return cli.UNKNOWN if run.results.filter(result="unknown").exists() else cli.HOLDS
