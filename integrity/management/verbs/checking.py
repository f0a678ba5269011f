"""`integrity list`, `check` and `sweep`: what must hold, and whether it does."""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from integrity import cli
from integrity.audit import command_actor
from integrity.dashboard import Latest, latest_results
from integrity.evaluate import Report, Result, evaluate, select
from integrity.heartbeats import SCHEDULER, WORKER, stand_in
from integrity.invariants import Invariant, Severity
from integrity.leases import AlreadyRunning, LeaseLost, SlotTaken
from integrity.management.verbs.verdicts import as_table, as_text, code_of, exit_code, what_to_do
from integrity.models import Run
from integrity.queued import make_queued
from integrity.registry import UnknownName
from integrity.repair.declare import repairs_of
from integrity.repair.queueing import work_queued
from integrity.repair.unattended import repair_unattended
from integrity.rungs import FULL, Estimate, Rung, Sample, Since, since
from integrity.sweep import Checked, check, fill_slot

SEVERITIES = [severity.name.lower() for severity in Severity]


class CheckingVerbs(cli.VerbCommand):
    def add_checking_verbs(self) -> None:
        listing = self.add_verb("list", "List the declared invariants.")
        checking = self.add_verb(
            "check", "Check invariants at one instant, and record findings.", more=["junit"]
        )
        sweeping = self.add_verb(
            "sweep", "Check everything as the run that is due: for cron.", more=["junit"]
        )
        queued = self.add_verb(
            "queued", "Do what was asked for on a page, where no Celery runs: for cron."
        )
        for verb in (sweeping, queued):
            _add_fail_on(verb)
        _add_timeout(sweeping)
        for verb in (listing, checking):
            verb.add_argument("names", nargs="*", metavar="ID|APP", help="default: all")
        _add_looking(checking)
        rungs = checking.add_mutually_exclusive_group()
        rungs.add_argument("--sample", type=_percentage, metavar="PERCENT", help="of the rows")
        rungs.add_argument("--since", type=_ago, metavar="24h", help="rows that changed since")
        rungs.add_argument("--estimate", action="store_true", help="by statistics alone")
        checking.add_argument("--no-record", action="store_true", help="write nothing at all")

    def verb_list(self, options: dict[str, Any]) -> int:
        chosen, latest = self.select(options), latest_results()
        self.show(options, [_declared(each, latest) for each in chosen])
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
            return code_of(error.run, _fail_on(options))
        code = self.tell(options, done.report, done.tallies, done.run)
        for each in repair_unattended(by=command_actor("after the sweep")):
            self.say(f"unattended {each.repair}: {each.outcome}")
        return code

    def verb_queued(self, options: dict[str, Any]) -> int:
        stand_in(SCHEDULER, WORKER)
        with cli.stoppable():
            return self.record(options, lambda: self._made(options))

    def _made(self, options: dict[str, Any]) -> int:
        if begun := work_queued():
            self.say(f"repairs taken up: {begun}; see: manage.py integrity runs --kind repair")
        try:
            made = make_queued()
        except UnknownName as error:
            raise cli.unknown(f"{error} The check that asked for it has failed.") from error
        self.show(options, [_brief(each) for each in made])
        codes = {exit_code(each.report, _fail_on(options)) for each in made}
        # Broken beats unknown here as well.
        return next((code for code in (cli.FOUND, cli.UNKNOWN) if code in codes), cli.HOLDS)

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
        fail_on = _fail_on(options)
        if options["format"] == "table":
            self.stdout.write(as_table(report, tallies))
            self._comment(report, run)
        else:
            self.stdout.write(as_text(options["format"], report, tallies, run, fail_on))
        return exit_code(report, fail_on)

    def _comment(self, report: Report, run: Run | None) -> None:
        if not report.complete:
            self.say(f"Not proven: looked at {report.looked_at}, and only what holds is proven.")
        if report.lag:
            self.say(f"The replica was {report.lag:.1f} s behind: the primary confirmed it.")
        for each in report.having("broken"):
            self.say(f"{each.invariant.name}: {', '.join(each.keys[:10])}")
        if broken := report.having("broken"):
            self.say(what_to_do([each.invariant.name for each in broken]))
        if run:
            self.say(f"run {run.uid}; see: manage.py integrity findings")


def _add_fail_on(verb: ArgumentParser) -> None:
    verb.add_argument("--fail-on", choices=SEVERITIES, default="error", help="exit 1 from here up")


def _fail_on(options: dict[str, Any]) -> Severity:
    return Severity[options["fail_on"].upper()]


def _add_timeout(verb: ArgumentParser) -> None:
    verb.add_argument("--timeout", type=cli.seconds, metavar="SECONDS", help="for one statement")


def _add_looking(verb: ArgumentParser) -> None:
    _add_fail_on(verb)
    _add_timeout(verb)
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


def _brief(made: Checked) -> dict[str, Any]:
    counts = {word: len(made.report.having(word)) for word in ("holds", "broken", "unknown")}
    return {
        "run": made.run.uid,
        "scope": made.run.scope,
        "by": f"{made.run.actor_kind} {made.run.actor_id}",
        **counts,
        "status": made.report.status,
    }


def _declared(each: Invariant, latest: Mapping[str, Latest]) -> dict[str, Any]:
    return {
        "id": each.name,
        "severity": each.severity.name.lower(),
        "last_result": latest[each.name].result if each.name in latest else None,
        "repair": ", ".join(repair.name for repair in repairs_of(each.name)) or None,
        "owner": each.owner or None,
        "statement": each.statement,
    }
