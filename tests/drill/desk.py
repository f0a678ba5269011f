"""The integrity desk: what a check records, and what operators say of findings."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

from django.utils import timezone

from integrity.alerts import send_test
from integrity.drill.core import Scenario
from integrity.evaluate import Report, Result
from integrity.findings import acknowledge, assign, mark_false_positive, reopen, snooze
from integrity.flows import AlreadyDone
from integrity.invariants.custom import Custom
from integrity.invariants.violations import Violation
from integrity.leases import AlreadyRunning, LeaseLost, begin
from integrity.lifecycle import record
from integrity.models import (
    Alert,
    AuditEntry,
    Finding,
    Incident,
    IncidentChange,
    OutboxMessage,
    Run,
    RunResult,
)
from integrity.queued import queue_check
from tests.drill.facts import BY, audits, judge


def checked():
    """A check of something of its own that found one violation, and has yet to record it."""
    name = f"drill.{uuid4().hex}"
    declared = Custom(name, query=Finding.objects.none)
    result = Result(
        declared,
        "broken",
        1,
        0.1,
        declared.severity,
        violations=[Violation("toy:1", "1", {})],
        complete=True,
    )
    run = begin(kind=Run.Kind.CHECK, scope=name, by=BY)
    return SimpleNamespace(name=name, run=run, report=Report([result], 0.1, timezone.now()))


def told(changes):
    """The change, the message that tells of it, and the promise to deliver that."""
    alerts = Alert.objects.filter(changes__in=changes)
    messages = OutboxMessage.objects.filter(payload__alert__in=[str(each.uid) for each in alerts])
    return {
        "changes": (changes.count(), 0, 1),
        "alerts": (alerts.count(), 0, 1),
        "messages": (messages.count(), 0, 1),
    }


def recorded(context):
    return judge(
        findings=(Finding.objects.filter(invariant=context.name).count(), 0, 1),
        results=(RunResult.objects.filter(run=context.run).count(), 0, 1),
        incident=(Incident.objects.filter(subject=context.name, state="open").count(), 0, 1),
        **told(IncidentChange.objects.filter(incident__subject=context.name)),
        run=(Run.objects.get(pk=context.run.pk).state, "running", "succeeded"),
    )


RECORD = Scenario(
    name="record_check",
    flows=("integrity.record_check",),
    setup=checked,
    act=lambda context: record(run=context.run, report=context.report),
    whole=recorded,
    refusals=(LeaseLost,),
    done_before=(LeaseLost,),
)


def found(state="open", **fields):
    def setup():
        key, now = uuid4(), timezone.now()
        context = SimpleNamespace(until=now + timedelta(days=1))
        context.finding = Finding.objects.create(
            uid=key,
            invariant="drill.holds",
            subject=f"toy:{key}",
            fingerprint=key.hex,
            severity=3,
            state=state,
            first_seen_at=now,
            present_since=now,
            last_seen_at=now,
            first_run=key,
            last_run=key,
            **fields,
        )
        return context

    return setup


def said(field, before, after):
    def whole(context):
        now = Finding.objects.get(pk=context.finding.pk)
        return judge(
            finding=((getattr(now, field), now.version), (before, 0), (after, 1)),
            audit=(audits(now), 0, 1),
        )

    return whole


def judging(name, flow, act, *, setup=None, field="state", before="open", after):
    return Scenario(
        name=name,
        flows=(f"integrity.{flow}",),
        setup=setup or found(),
        act=act,
        whole=said(field, before, after),
    )


def uids(context):
    return [context.finding.uid]


def nothing_queued():
    Run.objects.filter(state=Run.State.QUEUED).delete()
    return SimpleNamespace(before=AuditEntry.objects.count())


QUEUE = Scenario(
    name="queue_check",
    flows=("integrity.queue_check",),
    setup=nothing_queued,
    act=lambda context: queue_check(names=["accounts"], by=BY),
    whole=lambda context: judge(
        run=(Run.objects.filter(state=Run.State.QUEUED).count(), 0, 1),
        audit=(AuditEntry.objects.count() - context.before, 0, 1),
    ),
    refusals=(AlreadyRunning,),
    done_before=(AlreadyRunning,),
)


def nobody_told():
    """Nothing but this test alert is to be seen."""
    Incident.objects.filter(subject="test").delete()
    return SimpleNamespace(operation=str(uuid4()), before=AuditEntry.objects.count())


def alert_sent(context):
    return judge(
        **told(IncidentChange.objects.filter(kind="test")),
        audit=(AuditEntry.objects.count() - context.before, 0, 1),
    )


SEND_TEST = Scenario(
    name="send_test_alert",
    flows=("integrity.send_test_alert",),
    setup=nobody_told,
    act=lambda context: send_test(by=BY, operation=context.operation),
    whole=alert_sent,
    done_before=(AlreadyDone,),
)


SCENARIOS = [
    RECORD,
    QUEUE,
    SEND_TEST,
    judging(
        "acknowledge",
        "acknowledge_findings",
        lambda context: acknowledge(uids=uids(context), by=BY),
        after="acknowledged",
    ),
    judging(
        "snooze",
        "snooze_findings",
        lambda context: snooze(
            uids=uids(context), until=context.until, by=BY, versions={context.finding.uid: 0}
        ),
        after="snoozed",
    ),
    judging(
        "mark_false_positive",
        "mark_false_positives",
        lambda context: mark_false_positive(
            uids=uids(context), until=context.until, by=BY, versions={context.finding.uid: 0}
        ),
        after="false_positive",
    ),
    judging(
        "reopen_finding",
        "reopen_findings",
        lambda context: reopen(uids=uids(context), by=BY),
        setup=found("acknowledged"),
        before="acknowledged",
        after="open",
    ),
    judging(
        "assign",
        "assign_findings",
        lambda context: assign(
            uids=uids(context), assignee="ann", by=BY, versions={context.finding.uid: 0}
        ),
        field="assignee",
        before="",
        after="ann",
    ),
]
