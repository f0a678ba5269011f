"""Runs of checks, repairs and purges, and what each check came to."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Severities(models.IntegerChoices):
    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4


class Run(models.Model):
    """One execution. While it is active it holds a lease; without it, it can't write any more."""

    class Kind(models.TextChoices):
        CHECK = "check"
        REPAIR = "repair"
        PURGE = "purge"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PAUSING = "pausing"
        PAUSED = "paused"
        CANCELLING = "cancelling"
        CANCELLED = "cancelled"
        INTERRUPTED = "interrupted"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    class Status(models.TextChoices):
        HEALTHY = "healthy"
        DEGRADED = "degraded"
        CRITICAL = "critical"

    GAVE_UP = (State.CANCELLED, State.INTERRUPTED, State.FAILED)
    ENDED = (*GAVE_UP, State.SUCCEEDED)

    uid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    kind = models.TextField(choices=Kind)
    state = models.TextField(choices=State, default=State.RUNNING)
    scope = models.TextField(default="", blank=True)
    # The due time that this run of the schedule stands for; it can be filled once.
    slot = models.DateTimeField(null=True, blank=True)
    # Everything was looked at, and everything has an answer.
    complete = models.BooleanField(default=False)
    status = models.TextField(choices=Status, null=True, blank=True)  # noqa: DJ001 - not yet known
    actor_kind = models.TextField()
    actor_id = models.TextField()
    reason = models.TextField(default="", blank=True)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(default="", blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope"],
                condition=Q(kind="check", state__in=["queued", "running"]),
                name="integrity_run_one_check_of_a_scope",
            ),
            models.UniqueConstraint(
                fields=["scope"],
                condition=Q(kind="repair", finished_at__isnull=True),
                name="integrity_run_one_repair_of_a_scope",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="purge", state__in=["queued", "running"]),
                name="integrity_run_one_purge",
            ),
            models.UniqueConstraint(
                fields=["slot"],
                condition=~Q(state__in=["cancelled", "interrupted", "failed"]),
                name="integrity_run_one_for_a_slot",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["cancelled", "interrupted", "failed", "succeeded"],
                    finished_at__isnull=False,
                )
                | (
                    ~Q(state__in=["cancelled", "interrupted", "failed", "succeeded"])
                    & Q(finished_at__isnull=True)
                ),
                name="integrity_run_ended_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["-started_at"], name="integrity_run_started_at"),
            models.Index(
                fields=["lease_until"],
                condition=Q(finished_at__isnull=True),
                name="integrity_run_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def seconds(self) -> float:
        """How long it took; of one that is active, up to its last sign of life."""
        return ((self.finished_at or self.heartbeat_at) - self.started_at).total_seconds()


class RunResult(models.Model):
    """What one invariant came to in one check."""

    class Verdict(models.TextChoices):
        HOLDS = "holds"
        BROKEN = "broken"
        UNKNOWN = "unknown"

    run = models.ForeignKey(Run, models.CASCADE, related_name="results")
    invariant = models.TextField()
    severity = models.PositiveSmallIntegerField(choices=Severities)
    result = models.TextField(choices=Verdict)
    # Every row was looked at, so what wasn't seen isn't there.
    complete = models.BooleanField()
    count = models.PositiveBigIntegerField(null=True)
    suspected = models.PositiveBigIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    regressed = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(null=True)
    # Rows of the tables that the guard watches, by label.
    references = models.JSONField(default=dict)
    seconds = models.FloatField()
    reason = models.TextField(default="", blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "invariant"], name="integrity_runresult_once")
        ]
        indexes = [models.Index(fields=["invariant", "-at"], name="integrity_runresult_trend")]

    def __str__(self) -> str:
        return f"{self.invariant} {self.result}"
