"""Alerts: what a check found opens an incident, and its end ends it. Each is told once.

Written in the transaction that writes the findings, so that nothing is found and not told. What is
told is a row of the outbox: where it can't be delivered, the check is none the worse for it.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from integrity.addresses import addresses
from integrity.audit import Actor, audit
from integrity.conf import config
from integrity.evaluate import Report, Result
from integrity.flows import claim_operation, flow
from integrity.invariants.declare import Severity, invariants
from integrity.models import Alert, Finding, Incident, IncidentChange, Run
from integrity.models.alerts import Kind, Step
from integrity.outbox import enqueue
from integrity.rungs import FULL
from integrity.transactions import transaction_required

KINDS: tuple[str, ...] = tuple(Kind.values)
EFFECT, ALIVE = "integrity.alert", "integrity.say_alive"
SUBJECT_OF_TESTS = "test"
State = Incident.State
# What the machinery itself must do has kinds of its own.
OF_THE_MACHINERY = {
    "integrity.every_process_gives_signs_of_life": Kind.SILENT,
    "integrity.every_sweep_was_made": Kind.OVERDUE,
    "integrity.every_invariant_was_proven_lately": Kind.OVERDUE,
    "integrity.every_effect_is_delivered_in_time": Kind.OVERDUE,
    "integrity.every_saga_moves_in_time": Kind.OVERDUE,
}
# An open incident is told again only if it becomes worse than what was told.
RANKS: dict[str, int] = {Kind.UNKNOWN: 1, Kind.CRITICAL: 3, Kind.REGRESSED: 4, Kind.DEGRADED: 0}
OTHER_RANK = 2
WRITTEN = (
    *("kind", "state", "severity", "count", "times", "unknowns"),
    *("opened_at", "judged_at", "resolved_at"),
)
LOUD = (Finding.State.OPEN, Finding.State.ACKNOWLEDGED)


class NoAddress(Exception):
    """No address is set, so nobody can be told. Set ALERT_ADDRESSES, and restart the worker."""


@dataclass(frozen=True)
class _Verdict:
    """What one result means for the incident of its invariant: that it ends, or that it is on."""

    ends: Step | None = None
    kind: str = ""
    severity: int = 0
    count: int | None = None


WITHDRAWN = _Verdict(ends=Step.WITHDRAWN)


@transaction_required
def follow(*, run: Run, report: Report, regressed: Collection[str], whole: bool) -> None:
    """Open, worsen and end incidents by what a check came to, and promise one message about it.

    Args:
        regressed: the invariants of which findings are back that were resolved.
        whole: the check was of everything.
    """
    verdicts = _verdicts(report, regressed, sweep=whole and report.looked_at == FULL.label)
    instant = report.instant or timezone.now()
    _make_room(verdicts, instant)
    judged, changes = [], []
    for incident in _concerned(verdicts, undeclared=whole and report.complete):
        if incident.judged_at and incident.judged_at >= instant:
            continue
        step = _apply(incident, verdicts.get(incident.subject, WITHDRAWN), instant)
        judged.append(incident)
        changes += [_change(incident, step, instant, run.uid)] if step else []
    Incident.objects.bulk_update(judged, WRITTEN)
    _tell(changes)


def _verdicts(report: Report, regressed: Collection[str], *, sweep: bool) -> dict[str, _Verdict]:
    broken = [each.invariant.name for each in report.having("broken")]
    loud = set(
        Finding.objects.filter(invariant__in=broken, state__in=LOUD)
        .values_list("invariant", flat=True)
        .distinct()
        if broken
        else ()
    )
    found = ((each, _verdict(each, regressed, loud, sweep=sweep)) for each in report.results)
    return {result.invariant.name: verdict for result, verdict in found if verdict}


def _verdict(
    result: Result, regressed: Collection[str], loud: Collection[str], *, sweep: bool
) -> _Verdict | None:
    """None where it says nothing: only a complete look ends an incident, and only a sweep of
    everything asks why something is unknown; who looks at less, or for less long, knows it."""
    name, severity = result.invariant.name, int(result.severity)
    if result.result == "broken" and severity > Severity.INFO:
        if name not in loud:
            return _Verdict(ends=Step.SILENCED)
        return _Verdict(None, _kind(result, back=name in regressed), severity, result.count)
    if result.result == "unknown":
        return _Verdict(None, Kind.UNKNOWN, severity) if sweep else None
    return _Verdict(ends=Step.RESOLVED) if result.complete else None


def _kind(result: Result, *, back: bool) -> str:
    declared = result.invariant
    if special := OF_THE_MACHINERY.get(declared.name):
        return special
    if back:
        return Kind.REGRESSED
    if declared.warn_if or declared.error_if:
        return Kind.THRESHOLD
    return Kind.CRITICAL if result.severity >= Severity.ERROR else Kind.DEGRADED


def _make_room(verdicts: dict[str, _Verdict], instant: datetime) -> None:
    """A row for each incident that may have to be opened; another check may do it as well."""
    new = [
        Incident(
            uid=uuid.uuid4(),
            subject=subject,
            kind=verdict.kind,
            state=State.RESOLVED,
            severity=verdict.severity,
            opened_at=instant,
            resolved_at=instant,
        )
        for subject, verdict in sorted(verdicts.items())
        if not verdict.ends
    ]
    Incident.objects.bulk_create(new, ignore_conflicts=True)


def _concerned(verdicts: dict[str, _Verdict], *, undeclared: bool) -> list[Incident]:
    """The open ones, and those that have to be open; locked in an order that is always the same."""
    to_open = [subject for subject, verdict in verdicts.items() if not verdict.ends]
    gone = ~Q(subject__in=invariants.names()) if undeclared else Q(pk=None)
    chosen = Q(subject__in=to_open) | Q(Q(subject__in=verdicts) | gone, state=State.OPEN)
    return list(Incident.objects.filter(chosen).select_for_update(no_key=True).order_by("subject"))


def _apply(incident: Incident, verdict: _Verdict, instant: datetime) -> Step | None:
    """What becomes of the incident; None where nobody needs to be told."""
    incident.judged_at = instant
    if verdict.ends:
        incident.state, incident.resolved_at = State.RESOLVED, instant
        incident.count = incident.unknowns = 0
        return verdict.ends
    incident.unknowns = incident.unknowns + 1 if verdict.kind == Kind.UNKNOWN else 0
    kind = Kind.DEGRADED if incident.unknowns == 1 else verdict.kind
    if incident.state == State.RESOLVED:
        return _open(incident, kind, verdict, instant)
    return _worsen(incident, kind, verdict)


def _open(incident: Incident, kind: str, verdict: _Verdict, instant: datetime) -> Step:
    incident.state, incident.resolved_at, incident.opened_at = State.OPEN, None, instant
    incident.kind, incident.severity, incident.count = kind, verdict.severity, verdict.count
    incident.times += 1
    return Step.OPENED if incident.times == 1 else Step.REOPENED


def _worsen(incident: Incident, kind: str, verdict: _Verdict) -> Step | None:
    more_urgent = RANKS.get(kind, OTHER_RANK) > RANKS.get(incident.kind, OTHER_RANK)
    more_severe = verdict.severity > incident.severity
    incident.kind = kind if more_urgent else incident.kind
    incident.severity = max(incident.severity, verdict.severity)
    # A look that could not tell leaves what was known.
    incident.count = incident.count if verdict.count is None else verdict.count
    return Step.WORSE if more_urgent or more_severe else None


def _change(
    incident: Incident, step: Step, at: datetime, run: uuid.UUID | None = None
) -> IncidentChange:
    return IncidentChange(
        incident=incident,
        step=step,
        kind=incident.kind,
        severity=incident.severity,
        count=incident.count,
        at=at,
        run=run,
    )


def _tell(changes: list[IncidentChange]) -> Alert | None:
    """One message for all that changed at once: a bad night is one message, and not fifty."""
    if not changes:
        return None
    alert = Alert.objects.create(uid=uuid.uuid4()) if addresses() else None
    for change in changes:
        change.alert = alert
    IncidentChange.objects.bulk_create(changes)
    if alert:
        _promise(alert)
    return alert


def _promise(alert: Alert) -> None:
    """To each address by itself: one that fails holds up no other."""
    for address, key in zip(addresses(), keys_of(alert), strict=True):
        enqueue(EFFECT, key=key, payload={"alert": str(alert.uid), "to": address.label})


def keys_of(alert: Alert) -> list[str]:
    """Of its messages in the outbox: one for each address."""
    return [f"{alert.uid} {each.label}" for each in addresses()]


@transaction_required
def rename(names: Collection[str], *, to: str) -> None:
    """The incident of an invariant that has another name now. One that it has already stays."""
    old = Incident.objects.filter(subject__in=names).order_by("-opened_at").first()
    if old and not Incident.objects.filter(subject=to).exists():
        Incident.objects.filter(pk=old.pk).update(subject=to)


@transaction_required
def say_alive(run: Run) -> None:
    """Let the watcher outside know that a sweep of the schedule was made, whatever it found.

    All that is needed for it has to live: scheduler, worker, database and relay. What is found has
    messages of its own; a watcher that also waits for good news can't tell a death from bad news.
    """
    if run.slot and config().alive_url:
        enqueue(ALIVE, key="alive")


@flow("integrity.send_test_alert")
def send_test(*, by: Actor, operation: str = "") -> Alert:
    """Promise a message that says nothing but that it arrived.

    Raises:
        NoAddress
        AlreadyDone: this operation was done before.
    """
    claim_operation(operation)
    now = timezone.now()
    Incident.objects.bulk_create([_test(now)], ignore_conflicts=True)
    incident = Incident.objects.select_for_update(no_key=True).get(subject=SUBJECT_OF_TESTS)
    incident.opened_at = incident.resolved_at = incident.judged_at = now
    incident.times += 1
    incident.save(update_fields=["opened_at", "resolved_at", "judged_at", "times"])
    alert = _tell([_change(incident, Step.OPENED, now)])
    if alert is None:
        raise NoAddress(NoAddress.__doc__)
    audit("integrity.test_alert_sent", by=by, subject=incident)
    return alert


def _test(now: datetime) -> Incident:
    return Incident(
        uid=uuid.uuid4(),
        subject=SUBJECT_OF_TESTS,
        kind=Kind.TEST,
        state=State.RESOLVED,
        severity=Severity.INFO,
        opened_at=now,
        resolved_at=now,
    )
