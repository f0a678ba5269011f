"""Findings: the durable record of a violation. Written by `lifecycle` and `findings` alone."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q

from integrity.models.runs import Severities


class Finding(models.Model):
    """A violation that was seen, once or often. Runs are named by uid: a finding outlives them."""

    class State(models.TextChoices):
        SUSPECTED = "suspected"
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        SNOOZED = "snoozed"
        FALSE_POSITIVE = "false_positive"
        RESOLVED = "resolved"

    class Resolution(models.TextChoices):
        GONE = "gone", "no longer violates"
        SETTLED = "settled", "was never more than suspected"
        WITHDRAWN = "withdrawn", "its invariant is no longer declared"

    uid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    invariant = models.TextField()
    # `app.model:key`, or what an observation names.
    subject = models.TextField()
    discriminator = models.TextField(default="", blank=True)
    fingerprint = models.CharField(max_length=64, unique=True)
    state = models.TextField(choices=State)
    severity = models.PositiveSmallIntegerField(choices=Severities)
    # It was resolved before, and came back.
    regressed = models.BooleanField(default=False)
    regressed_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    # Since when it has been there without a break, and since when it has counted.
    present_since = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField()
    occurrences = models.PositiveIntegerField(default=1)
    evidence = models.JSONField(default=dict)
    assignee = models.TextField(default="", blank=True)
    reason = models.TextField(default="", blank=True)
    until = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(choices=Resolution, default="", blank=True)
    first_run = models.UUIDField()
    last_run = models.UUIDField()
    version = models.PositiveIntegerField(default=0)

    class Meta:
        permissions = [
            ("acknowledge_finding", "Can acknowledge findings"),
            ("assign_finding", "Can say whose findings are"),
            ("snooze_finding", "Can snooze findings"),
            ("dismiss_finding", "Can mark findings as false positives"),
            ("reopen_finding", "Can reopen findings"),
            ("recheck_finding", "Can check one finding now"),
            ("export_finding", "Can export findings"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False)
                | (~Q(state="resolved") & Q(resolved_at__isnull=True)),
                name="integrity_finding_resolved_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["snoozed", "false_positive"], until__isnull=False)
                | (~Q(state__in=["snoozed", "false_positive"]) & Q(until__isnull=True)),
                name="integrity_finding_silenced_has_an_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-severity", "-last_seen_at", "-id"],
                condition=~Q(state="resolved"),
                name="integrity_finding_worst_first",
            ),
            models.Index(fields=["invariant", "state"], name="integrity_finding_invariant"),
            models.Index(fields=["subject"], name="integrity_finding_subject"),
            models.Index(
                fields=["assignee"],
                condition=~Q(assignee="") & ~Q(state="resolved"),
                name="integrity_finding_assignee",
            ),
            models.Index(
                fields=["resolved_at"],
                condition=Q(state="resolved"),
                name="integrity_finding_resolved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}"
