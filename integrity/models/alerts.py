"""Incidents: what somebody is told of, once when it begins and once when it is over."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from integrity.models.runs import Severities


class Kind(models.TextChoices):
    """Why somebody is told. Each has a page: `docs/runbook/alerts/<kind>.md`."""

    CRITICAL = "critical", "an invariant is broken that must not be"
    REGRESSED = "regressed", "what was resolved is back"
    THRESHOLD = "threshold", "more violations than are tolerated"
    DEGRADED = "degraded", "a warning, or a look that failed once"
    UNKNOWN = "unknown", "twice in a row nobody could tell"
    OVERDUE = "overdue", "what was due was not done"
    SILENT = "silent", "a process gives no sign of life"
    TEST = "test", "somebody tries whether alerts arrive"


class Step(models.TextChoices):
    """What happened to an incident."""

    OPENED = "opened", "opened"
    WORSE = "worse", "got worse"
    REOPENED = "reopened", "opened again"
    RESOLVED = "resolved", "resolved"
    SILENCED = "silenced", "silenced: operators have judged all of it"
    WITHDRAWN = "withdrawn", "withdrawn: its invariant is no longer declared"


class Incident(models.Model):
    """All that is wrong about one invariant, from its first finding until none is left.

    What comes back opens the same incident again. Written by `alerts` alone.
    """

    class State(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"

    uid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    # The name of an invariant, or "test".
    subject = models.TextField(unique=True)
    kind = models.TextField(choices=Kind)
    state = models.TextField(choices=State)
    # The worst since it was opened.
    severity = models.PositiveSmallIntegerField(choices=Severities)
    # None: not known, as the invariant could not be judged.
    count = models.PositiveBigIntegerField(null=True)
    times = models.PositiveIntegerField(default=0)
    # How many sweeps in a row could not tell.
    unknowns = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    # The instant of the last look that said something of it.
    judged_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("send_test_alert", "Can send a test alert")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False)
                | (~Q(state="resolved") & Q(resolved_at__isnull=True)),
                name="integrity_incident_resolved_has_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["resolved_at"],
                condition=Q(state="resolved"),
                name="integrity_incident_resolved",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Alert(models.Model):
    """One message, about one or more changes. `sent` says when it reached which address.

    An address holds secrets, so here stands its label only.
    """

    uid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    created_at = models.DateTimeField(db_default=Now())
    sent = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="integrity_alert_created_at")]

    def __str__(self) -> str:
        return str(self.uid)


class IncidentChange(models.Model):
    """One step in the life of an incident, and the message that tells of it, if anybody is told."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="changes")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, related_name="changes")
    step = models.TextField(choices=Step)
    kind = models.TextField(choices=Kind)
    severity = models.PositiveSmallIntegerField(choices=Severities)
    count = models.PositiveBigIntegerField(null=True)
    at = models.DateTimeField()
    # The check that saw it; named by its uid, as the history outlives it.
    run = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.step}"
