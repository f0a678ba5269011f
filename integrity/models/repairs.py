"""Repair plans and the row changes they consist of. Written by `integrity.repair` alone."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone


class RepairPlans(models.QuerySet["RepairPlan"]):
    def that_are(self, state: str) -> Self:
        """In this state by now: who comes too late to begin has expired, and nobody writes it down."""
        late = Q(state__in=RepairPlan.FRESH, expires_at__lt=Now())
        if state == RepairPlan.State.EXPIRED:
            return self.filter(late | Q(state=state))
        return self.filter(~late, state=state)


class RepairPlan(models.Model):
    """What a repair is going to do, or did: the thing that is approved, applied and undone."""

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        RUNNING = "running"
        APPLIED = "applied"
        UNDOING = "undoing"
        UNDONE = "undone"
        FAILED = "failed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    FRESH = (State.DRAFT, State.APPROVED)
    AT_WORK = (State.RUNNING, State.UNDOING)
    # Rows may have been changed, so there may be something to undo.
    BEGUN = (*AT_WORK, State.APPLIED, State.UNDONE, State.FAILED, State.CANCELLED)

    uid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    repair = models.TextField()
    invariant = models.TextField()
    kind = models.TextField()
    state = models.TextField(choices=State, default=State.DRAFT)
    # `app.model` whose rows violate; the changed rows may be of other tables.
    subject_model = models.TextField()
    # Over all changes, in order: what is approved is what is applied.
    hash = models.CharField(max_length=64, default="", blank=True)
    subjects = models.PositiveBigIntegerField(default=0)
    changes = models.PositiveBigIntegerField(default=0)
    # How many rows the subject's table had.
    rows = models.PositiveBigIntegerField(default=0)
    needs_second_person = models.BooleanField()
    over_limit = models.BooleanField(default=False)
    irreversible = models.BooleanField()
    # What undoing it would break, as the rehearsal of the first row showed.
    undo_refusal = models.TextField(default="", blank=True)
    # What the first row's rehearsal was refused for, if it was.
    apply_refusal = models.TextField(default="", blank=True)
    # What was in the way when it was planned: a list of texts.
    obstacles = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    created_by_kind = models.TextField()
    created_by_id = models.TextField()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by_kind = models.TextField(default="", blank=True)
    approved_by_id = models.TextField(default="", blank=True)
    approve_reason = models.TextField(default="", blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undo_until = models.DateTimeField(null=True, blank=True)
    # The last subject that is dealt with; counted down again by an undo.
    cursor = models.PositiveBigIntegerField(default=0)
    applied = models.PositiveBigIntegerField(default=0)
    stale = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    undone = models.PositiveBigIntegerField(default=0)
    conflicts = models.PositiveBigIntegerField(default=0)
    # The run at work on it, or the last one.
    run = models.UUIDField(null=True, blank=True)
    # What the check after it came to: holds, broken or unknown.
    verdict = models.TextField(default="", blank=True)
    error = models.TextField(default="", blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = RepairPlans.as_manager()

    class Meta:
        permissions = [
            ("plan_repair", "Can plan a repair"),
            ("reveal_repair", "Can see what a repair changes unmasked"),
            ("try_repair", "Can try a repair out"),
            ("approve_repair", "Can approve a repair"),
            ("apply_repair", "Can apply a repair"),
            ("pause_repair", "Can pause a repair"),
            ("resume_repair", "Can resume a repair"),
            ("cancel_repair", "Can cancel a repair"),
            ("force_repair", "Can stop a repair whose process is gone"),
            ("undo_repair", "Can undo a repair"),
            ("allow_unattended_repair", "Can let a repair run unattended"),
            ("forbid_unattended_repair", "Can forbid a repair to run unattended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["repair"],
                condition=Q(state__in=["running", "undoing"]),
                name="integrity_repairplan_one_at_work",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "expired", "cancelled"])
                | Q(approved_at__isnull=False),
                name="integrity_repairplan_approved_before_it_runs",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="integrity_repairplan_created"),
            models.Index(fields=["invariant", "-created_at"], name="integrity_repairplan_of"),
        ]

    def __str__(self) -> str:
        return f"{self.repair} {self.uid}"

    def has_expired(self, at: datetime) -> bool:
        return self.state in self.FRESH and self.expires_at < at

    @property
    def state_now(self) -> str:
        return self.State.EXPIRED if self.has_expired(timezone.now()) else self.state


class PlannedChange(models.Model):
    """One row change of a plan, and its journal: the row before, and as it was really written."""

    class Action(models.TextChoices):
        INSERT = "insert"
        UPDATE = "update"
        DELETE = "delete"
        PERFORM = "perform", "is performed by a function"

    class State(models.TextChoices):
        PLANNED = "planned"
        APPLIED = "applied"
        STALE = "stale", "changed since the plan"
        FAILED = "failed"
        UNDONE = "undone"
        CONFLICT = "conflict", "edited since; not undone"

    pk = models.CompositePrimaryKey("plan_id", "position", "step")
    plan = models.ForeignKey(RepairPlan, models.CASCADE, related_name="planned", db_index=False)
    # The subject's place in the plan; all steps of a subject are taken or left together.
    position = models.BigIntegerField()
    step = models.IntegerField()
    # The key of the violating row, as a list.
    subject = models.JSONField()
    table = models.TextField()
    key = models.JSONField()
    action = models.TextField(choices=Action)
    before = models.JSONField(null=True)
    # The values to write, and those that were drawn for it, such as new ids.
    change = models.JSONField()
    assigned = models.JSONField(default=dict)
    # Of everything above.
    hash = models.BinaryField()
    after = models.JSONField(null=True)
    state = models.TextField(choices=State, db_default=State.PLANNED)
    error = models.TextField(default="", db_default="", blank=True)

    def __str__(self) -> str:
        return f"{self.action} {self.table} {self.key}"


class UnattendedRepair(models.Model):
    """A repair that an operator lets run by itself after the nightly sweep."""

    repair = models.TextField(primary_key=True)
    allowed_at = models.DateTimeField(db_default=Now())
    allowed_by_kind = models.TextField()
    allowed_by_id = models.TextField()
    reason = models.TextField()

    def __str__(self) -> str:
        return self.repair
