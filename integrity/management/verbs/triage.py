"""`integrity findings`, `show`, `ack`, `snooze`, `false-positive`: judge what was found."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrity import cli
from integrity.audit import command_actor
from integrity.findings import (
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
from integrity.management.verbs.names import of
from integrity.models import Finding, RunResult
from integrity.registry import UnknownName

State = Finding.State


class TriageVerbs(cli.VerbCommand):
    def add_triage_verbs(self) -> None:
        listing = self.add_verb("findings", "List findings, the worst first.")
        listing.add_argument("names", nargs="*", metavar="ID|APP")
        listing.add_argument("--state", choices=State.values, help="default: all but resolved")
        listing.add_argument("--subject", help="app.model:key, or the start of it")
        listing.add_argument("--limit", type=cli.positive, default=50)
        shown = self.add_verb("show", "Show a finding, or an invariant with its SQL.")
        shown.add_argument("what", metavar="UID|ID")
        self._add_judging("ack", "Say that somebody is on it.")
        self._add_judging("reopen", "Take back what was said of it.")
        assigned = self._add_judging("assign", "Say whose it is.")
        assigned.add_argument("--to", required=True, help="a public id or a team; '' for nobody")
        for name, text, days in (
            ("snooze", "Be quiet about it until then.", 7),
            ("false-positive", "It is right as it is; ask again then.", 90),
        ):
            silencing = self._add_judging(name, text, reason=True)
            silencing.add_argument("--days", type=cli.positive, default=days)
            silencing.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="(UTC)")

    def _add_judging(self, name: str, help: str, *, reason: bool = False) -> Any:
        verb = self.add_verb(name, help)
        verb.add_argument("uids", nargs="+", metavar="UID", type=UUID)
        verb.add_argument("--reason", default="", required=reason)
        return verb

    def verb_findings(self, options: dict[str, Any]) -> int:
        found = _chosen(options).order_by("-severity", "-last_seen_at", "-id")
        self.show(options, [_line(each) for each in found[: options["limit"]]])
        left = found.count() - options["limit"]
        if left > 0:
            self.say(f"{left:,} more; raise --limit to see them.")
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
        until = options["until"] or timezone.now() + timedelta(days=options["days"])
        by = command_actor(options["reason"])
        try:
            changed = silence(uids=options["uids"], until=until, by=by)
        except (ReasonRequired, EndRequired) as error:
            raise cli.usage(str(error)) from error
        return self._told(options, changed)

    def _told(self, options: dict[str, Any], changed: int) -> int:
        self.show(options, [{"changed": changed}])
        left = len(set(options["uids"])) - changed
        if left > 0:
            self.say(f"{left} of them are not there, or not in a state for this; nothing was done.")
        return cli.HOLDS if left <= 0 else cli.REFUSED


def _chosen(options: dict[str, Any]) -> "QuerySet[Finding]":
    state = Q(state=options["state"]) if options["state"] else Q(resolved_at=None)
    found = Finding.objects.filter(state, of(options["names"]))
    if options["subject"]:
        found = found.filter(subject__startswith=options["subject"])
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
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
