"""Sagas: their state, their steps, what happened, and what they must not show.

Written by `integrity.saga` alone. Triggers keep the lawful transitions, whoever writes.
"""

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest, Now


class Saga(models.Model):
    """One operation over several systems.

    `wake_at` is due time, retry time, timer and end of the lease in one. `fence` rises with every
    claim and every verb of an operator; whoever read an older one can't write any more.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        COMPENSATING = "compensating", "being taken back"
        ATTENTION = "attention", "needs a person"
        PAUSED = "paused"
        COMPLETED = "completed"
        COMPENSATED = "compensated", "taken back"
        RESOLVED = "resolved", "ended by a person"

    class Wait(models.TextChoices):
        """What `wake_at` stands for."""

        READY = "ready", "is due"
        AT_WORK = "at_work", "a worker is at it"
        RETRY = "retry", "tries again"
        TIMER = "timer", "waits as planned"
        GATE = "gate", "waits for a provider"

    class Attention(models.TextChoices):
        REFUSED = "refused", "a step was refused for good"
        CRASH_LOOP = "crash_loop", "workers died in one step, three times"
        UNKNOWN_STEP = "unknown_step", "no worker knows its step"
        UNDECIDABLE = "undecidable", "nobody can tell whether a step was done"
        RESIDUE = "residue", "something is left after three looks"
        UNDO_FAILED = "undo_failed", "a step could not be taken back"
        UNREADABLE = "unreadable", "what was sealed for it can't be opened"

    ACTIVE = (State.RUNNING, State.COMPENSATING)
    PARKED = (State.ATTENTION, State.PAUSED)
    FINISHED = (State.COMPLETED, State.COMPENSATED, State.RESOLVED)
    # As if nothing had gone wrong with the step it is at.
    FRESH: dict[str, Any] = {
        "attempts": 0,
        "crashes": 0,
        "first_failed_at": None,
        "error_class": "",
        "error": "",
    }

    uid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    kind = models.TextField()
    version = models.PositiveSmallIntegerField()
    # A public id.
    subject = models.TextField()
    # The one that has ended, and in whose place this one does it again.
    retry_of = models.UUIDField(null=True, blank=True, editable=False)
    options = models.JSONField(default=dict, blank=True)
    state = models.TextField(choices=State, db_default=State.RUNNING)
    # The step it is at; -1 when all is taken back.
    position = models.SmallIntegerField(db_default=0)
    pivot_at = models.DateTimeField(null=True, blank=True)
    pivot_position = models.SmallIntegerField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(db_default=0)
    owner = models.TextField(default="", db_default="", blank=True)
    wake_at = models.DateTimeField(db_default=Now())
    wait = models.TextField(choices=Wait, db_default=Wait.READY)
    # Of the step it is at: tries, and workers that died.
    attempts = models.PositiveSmallIntegerField(db_default=0)
    crashes = models.PositiveSmallIntegerField(db_default=0)
    verify_rounds = models.PositiveSmallIntegerField(db_default=0)
    first_failed_at = models.DateTimeField(null=True, blank=True)
    error_class = models.TextField(default="", db_default="", blank=True)
    error = models.TextField(default="", db_default="", blank=True)
    attention = models.TextField(choices=Attention, default="", db_default="", blank=True)
    # Where a parked one goes on.
    parked_from = models.TextField(choices=State, default="", db_default="", blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    actor_via = models.TextField()
    reason = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [
            ("pause_saga", "Can pause a saga"),
            ("resume_saga", "Can resume a saga"),
            ("run_saga", "Can let a saga run now"),
            ("skip_timer", "Can end the waiting of a saga"),
            ("cancel_saga", "Can take a saga back"),
            ("retry_saga", "Can let a saga try again"),
            ("renew_saga_key", "Can let a saga try again with another key"),
            ("probe_saga", "Can look at the systems of a saga"),
            ("mark_step", "Can say that a step of a saga is done"),
            ("skip_undo", "Can give up taking a step back"),
            ("resolve_saga", "Can end a saga that needs a person"),
            ("verify_saga", "Can look whether a saga that ended has left something"),
            ("restart_saga", "Can begin a saga that ended once more"),
            ("tidy_saga", "Can say that what a saga left behind is gone"),
            ("reveal_saga", "Can see what an undo of a saga puts back"),
            ("export_saga", "Can export sagas"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(finished_at=None),
                name="integrity_saga_one_of_a_subject",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["completed", "compensated", "resolved"], finished_at__isnull=False
                )
                | (
                    ~Q(state__in=["completed", "compensated", "resolved"])
                    & Q(finished_at__isnull=True)
                ),
                name="integrity_saga_finished_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(pivot_at__isnull=True)
                | ~Q(state__in=["compensating", "compensated"]) & ~Q(parked_from="compensating"),
                name="integrity_saga_no_way_back_after_the_pivot",
            ),
            models.CheckConstraint(
                condition=Q(pivot_at__isnull=True, pivot_position__isnull=True)
                | Q(pivot_at__isnull=False, position__gt=F("pivot_position")),
                name="integrity_saga_stays_behind_the_pivot",
            ),
            models.CheckConstraint(
                condition=(Q(state="attention") & ~Q(attention=""))
                | (~Q(state="attention") & Q(attention="")),
                name="integrity_saga_attention_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["attention", "paused"], parked_from__in=["running", "compensating"]
                )
                | (~Q(state__in=["attention", "paused"]) & Q(parked_from="")),
                name="integrity_saga_parked_knows_whence",
            ),
        ]
        indexes = [
            models.Index(
                fields=["wake_at", "id"],
                condition=Q(state__in=["running", "compensating"]),
                name="integrity_saga_due",
            ),
            models.Index(
                fields=["attention", "updated_at"],
                condition=Q(state="attention"),
                name="integrity_saga_attention",
            ),
            models.Index(fields=["-created_at"], name="integrity_saga_created"),
            models.Index(fields=["subject"], name="integrity_saga_of_a_subject"),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="integrity_saga_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def goes_back(self) -> bool:
        """Also one that is parked on its way back, and one that has arrived there."""
        return self.state == self.State.COMPENSATED or self.State.COMPENSATING in (
            self.state,
            self.parked_from,
        )

    @staticmethod
    def due_after_the_call() -> dict[str, Any]:
        """Due now; or, where a worker may be inside a call, when that has landed."""
        at_work = When(wait="at_work", then=Greatest(F("wake_at"), Now()))
        return {"wake_at": Case(at_work, default=Now()), "wait": Value("ready")}


class SagaStep(models.Model):
    """A step as it was frozen when the saga started, and how far it is."""

    class Status(models.TextChoices):
        PENDING = "pending"
        STARTED = "started", "begun"
        DONE = "done"
        SKIPPED = "skipped"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone"
        UNDO_SKIPPED = "undo_skipped", "left as somebody changed it"
        UNDO_FAILED = "undo_failed", "could not be undone"

    pk = models.CompositePrimaryKey("saga_id", "position")
    saga = models.ForeignKey(Saga, models.CASCADE, related_name="steps", db_index=False)
    position = models.SmallIntegerField()
    name = models.TextField()
    kind = models.TextField()
    provider = models.TextField(default="", blank=True)
    status = models.TextField(choices=Status, db_default=Status.PENDING)
    attempts = models.PositiveIntegerField(db_default=0)
    key_epoch = models.PositiveSmallIntegerField(db_default=0)
    # A call was made, and nobody knows what it did: look before the next one.
    in_doubt = models.BooleanField(db_default=False)
    # The provider gave an answer to this key that it may give for ever.
    answered = models.BooleanField(db_default=False)
    # When a timer is over, or a look may be taken.
    due_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    # The saga was ended by a person, and this effect stayed.
    left_behind = models.BooleanField(db_default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["saga", "position"],
                condition=Q(left_behind=True),
                name="integrity_sagastep_left_behind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.saga_id} {self.name}"


class SagaEvent(models.Model):
    """One line of a saga's timeline. The database refuses to change it."""

    saga = models.ForeignKey(Saga, models.CASCADE, related_name="events", db_index=False)
    at = models.DateTimeField(db_default=Now())
    fence = models.PositiveBigIntegerField()
    event = models.TextField()
    step = models.TextField(default="", blank=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["saga", "id"], name="integrity_sagaevent_of")]

    def __str__(self) -> str:
        return f"{self.event} {self.step}".rstrip()


class SagaCount(models.Model):
    """How many lines of one sort the timelines of a kind have had, also of sagas that were purged.

    A trigger counts each line as it is written. `word` is the line's error class, or its why. The
    count of one sort is the sum over its slots.
    """

    kind = models.TextField()
    event = models.TextField()
    step = models.TextField()
    word = models.TextField()
    slot = models.SmallIntegerField()
    count = models.PositiveBigIntegerField()
    # How many of them say how long it took, and their sum.
    timed = models.PositiveBigIntegerField()
    seconds = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "event", "step", "word", "slot"], name="integrity_sagacount_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event} {self.step}".rstrip()


class SagaSecret(models.Model):
    """What is personal in a saga, or needed to undo it; encrypted, and gone when it ends."""

    pk = models.CompositePrimaryKey("saga_id", "purpose")
    saga = models.ForeignKey(Saga, models.CASCADE, related_name="secrets", db_index=False)
    purpose = models.TextField()
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.saga_id} {self.purpose}"
