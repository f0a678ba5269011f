"""`integrity findings`, `show`, `ack`, `snooze`, `false-positive`: judge what was found."""

from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from integrity import cli
from integrity.alert_text import runbook as alert_runbook
from integrity.alerts import KINDS
from integrity.audit import command_actor
from integrity.findings import (
    LONGEST,
    EndRequired,
    ReasonRequired,
    acknowledge,
    assign,
    mark_false_positive,
    reopen,
    snooze,
)
from integrity.invariants import Invariant, Severity, invariants
from integrity.invariants.declare import Observation
from integrity.junit import Case, Outcome, as_junit
from integrity.management.verbs.names import of
from integrity.management.verbs.verdicts import what_to_do
from integrity.models import Finding, RunResult
from integrity.registry import UnknownName
from integrity.runbooks import page_of
from integrity.rungs import since

State = Finding.State
SEVERITIES = [severity.name.lower() for severity in Severity]
UNSETTLED = (State.OPEN, State.ACKNOWLEDGED)


class TriageVerbs(cli.VerbCommand):
    def add_triage_verbs(self) -> None:
        listing = self.add_verb("findings", "List findings, the worst first.", more=["junit"])
        listing.add_argument("names", nargs="*", metavar="ID|APP")
        listing.add_argument("--state", choices=State.values, help="default: all but resolved")
        listing.add_argument("--subject", help="app.model:key, or the start of it")
        listing.add_argument("--severity", choices=SEVERITIES, help="from here up")
        listing.add_argument("--since", type=since, metavar="24h", help="there or back since then")
        listing.add_argument("--limit", type=cli.positive, default=50)
        shown = self.add_verb("show", "Show a finding, or an invariant with its SQL.")
        shown.add_argument("what", metavar="UID|ID")
        told = self.add_verb("runbook", "Say what to do when an invariant is broken.")
        told.add_argument("name", metavar="ID|alerts/KIND")
        self._add_judging("ack", "Say that somebody is on it.")
        self._add_judging("reopen", "Take back what was said of it.")
        assigned = self._add_judging("assign", "Say whose it is.")
        assigned.add_argument("--to", required=True, help="a public id or a team; '' for nobody")
        for name, text, days, state in (
            ("snooze", "Be quiet about it until then.", 7, State.SNOOZED),
            ("false-positive", "It is right as it is; ask again then.", 90, State.FALSE_POSITIVE),
        ):
            silencing = self._add_judging(name, text, reason=True)
            ending = silencing.add_mutually_exclusive_group()
            limits = f"{days} by default, {LONGEST[state].days} at most"
            ending.add_argument("--days", type=cli.positive, default=days, help=limits)
            ending.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="(UTC)")

    def _add_judging(self, name: str, help: str, *, reason: bool = False) -> Any:
        verb = self.add_verb(name, help)
        verb.add_argument("uids", nargs="+", metavar="UID", type=UUID)
        verb.add_argument("--reason", default="", required=reason)
        return verb

    def verb_findings(self, options: dict[str, Any]) -> int:
        found = _chosen(options).order_by("-severity", "-last_seen_at", "-id")
        shown = list(found[: options["limit"]])
        if options["format"] == "junit":
            self.stdout.write(as_junit("findings", [_case(each) for each in shown]))
        else:
            self.show(options, [_line(each) for each in shown])
        left = found.count() - options["limit"]
        if left > 0:
            self.say(f"{left:,} more; raise --limit to see them.")
        if broken := {each.invariant for each in shown if each.invariant in invariants}:
            self.say(what_to_do(broken))
        return cli.HOLDS

    def verb_show(self, options: dict[str, Any]) -> int:
        try:
            uid = UUID(options["what"])
        except ValueError:
            return self._show_invariant(options)
        finding = Finding.objects.filter(uid=uid).first()
        if finding is None:
            raise cli.usage(f"There is no finding {uid}.")
        self.show_one(options, _whole(finding))
        return cli.HOLDS

    def _show_invariant(self, options: dict[str, Any]) -> int:
        try:
            declared = invariants.get(options["what"])
        except UnknownName as error:
            raise cli.usage(f"{error} Name an invariant, or a finding by its UID.") from error
        self.show_one(options, _explained(declared))
        return cli.HOLDS

    def verb_runbook(self, options: dict[str, Any]) -> int:
        try:
            page = page_of(_runbook(options["name"]))
        except UnknownName as error:
            raise cli.usage(f"{error} See: manage.py integrity list") from error
        if options["format"] != "table":
            self.show_one(options, asdict(page))
        elif not (page.text or page.address):
            raise cli.found(f"Nobody has written {page.name} yet.")
        else:
            self.stdout.write(page.text or page.address)
        return cli.HOLDS

    def verb_ack(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        return self._told(options, acknowledge(uids=options["uids"], by=by))

    def verb_reopen(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        return self._told(options, reopen(uids=options["uids"], by=by))

    def verb_assign(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        changed = assign(uids=options["uids"], assignee=options["to"], by=by)
        return self._told(options, changed)

    def verb_snooze(self, options: dict[str, Any]) -> int:
        return self._silence(options, snooze)

    def verb_false_positive(self, options: dict[str, Any]) -> int:
        return self._silence(options, mark_false_positive)

    def _silence(self, options: dict[str, Any], silence: Any) -> int:
        by = command_actor(options["reason"])
        try:
            until = options["until"] or timezone.now() + timedelta(days=options["days"])
            changed = silence(uids=options["uids"], until=until, by=by)
        except (ReasonRequired, EndRequired) as error:
            raise cli.usage(str(error)) from error
        except OverflowError as error:
            raise cli.usage("So far ahead there is no calendar.") from error
        return self._told(options, changed)

    def _told(self, options: dict[str, Any], changed: int) -> int:
        self.show(options, [{"changed": changed}])
        left = len(set(options["uids"])) - changed
        if left > 0:
            self.say(f"{left} of them are not there, or not in a state for this; nothing was done.")
        return cli.HOLDS if left <= 0 else cli.REFUSED


def _runbook(name: str) -> str:
    """The page about an invariant, or about a kind of alert."""
    folder, _, kind = name.partition("/")
    if folder == "alerts" and kind in KINDS:
        return alert_runbook(kind)
    return invariants.get(name).runbook


def _chosen(options: dict[str, Any]) -> "QuerySet[Finding]":
    state = Q(state=options["state"]) if options["state"] else Q(resolved_at=None)
    found = Finding.objects.filter(state, of(options["names"]))
    if options["subject"]:
        found = found.filter(subject__startswith=options["subject"])
    if options["severity"]:
        found = found.filter(severity__gte=Severity[options["severity"].upper()])
    if options["since"]:
        found = found.filter(present_since__gte=Now() - options["since"].ago)
    return found


def _line(each: Finding) -> dict[str, Any]:
    return {
        "finding": each.uid,
        "severity": Severity(each.severity).name.lower(),
        "state": each.state + (", regressed" if each.regressed else ""),
        "invariant": each.invariant,
        "subject": each.subject,
        "first_seen": _time(each.first_seen_at),
        "last_seen": _time(each.last_seen_at),
        "times": each.occurrences,
    }


def _case(each: Finding) -> Case:
    """What nobody has to look at now is skipped; a list tells, and judges nothing."""
    severity = Severity(each.severity).name.lower()
    text = f"{severity}, {each.state}, first seen {_time(each.first_seen_at)}. {each.reason}"
    outcome = Outcome.FAILURE if each.state in UNSETTLED else Outcome.SKIPPED
    return Case(each.invariant, each.subject, outcome, text.strip())


def _whole(each: Finding) -> dict[str, Any]:
    return _line(each) | {
        "evidence": each.evidence,
        "assignee": each.assignee or None,
        "reason": each.reason or None,
        "until": _time(each.until),
        "resolved": _time(each.resolved_at),
        "resolution": each.resolution or None,
        "first_run": each.first_run,
        "last_run": each.last_run,
        "runbook": invariants.get(each.invariant).runbook if each.invariant in invariants else None,
    }


def _explained(declared: Invariant) -> dict[str, Any]:
    last = RunResult.objects.filter(invariant=declared.name).order_by("-at").first()
    sql = None if isinstance(declared, Observation) else str(declared.violations().query)
    return {
        "invariant": declared.name,
        "statement": declared.statement,
        "severity": declared.severity.name.lower(),
        "owner": declared.owner or None,
        "runbook": declared.runbook,
        "last_result": last.result if last else None,
        "last_checked": _time(last.at) if last else None,
        "open_findings": Finding.objects.filter(invariant=declared.name, resolved_at=None).count(),
        "sql": sql,
    }


def _time(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else None


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day: write YYYY-MM-DD, or say --days") from None
