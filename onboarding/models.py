"""What the couple do: interests, tasks, milestones, and what they typed but haven't saved."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Member, Profile, User, Wedding
from onboarding import triggers
from onboarding.catalogue import INTEREST_SLUGS, MILESTONE_KEYS, MILESTONES, label_of


class Interest(models.Model):
    """What a couple cares about. Written by `interests.set_interests` alone."""

    pk = models.CompositePrimaryKey("user_id", "category")
    user = models.ForeignKey(User, models.CASCADE, related_name="interests")
    category = models.CharField(max_length=20)
    chosen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(category__in=INTEREST_SLUGS), name="onboarding_interest_known"
            )
        ]
        triggers = triggers.INTEREST
        permissions = [("set_interests", "Can set a couple's interests")]

    def __str__(self) -> str:
        return f"{label_of(self.category)} of user {self.user_id}"


class WizardProgress(Profile):
    """The profile as the wizard sees it: here hangs what finishing it promises."""

    class Meta:
        proxy = True
        triggers = triggers.PROFILE
        permissions = [("reopen_wizard", "Can reopen a couple's wizard")]


class Membership(Member):
    """Whose wedding it is, as the wizard sees it: what was typed is about this one."""

    class Meta:
        proxy = True
        triggers = triggers.MEMBERSHIP
        default_permissions = ()


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(status=Task.Status.OPEN)

    def done(self) -> "TaskQuerySet":
        return self.filter(status=Task.Status.DONE)

    def next_first(self) -> "TaskQuerySet":
        return self.order_by(models.F("due_date").asc(nulls_last=True), "position", "pk")

    def last_done_first(self) -> "TaskQuerySet":
        return self.order_by("-completed_at", "-pk")


class Task(models.Model):
    """Something to do before the day. A template makes at most one task of a wedding."""

    class Status(models.TextChoices):
        OPEN = "open"
        DONE = "done"

    uid = models.UUIDField(unique=True, editable=False, default=uuid.uuid4, db_default=RandomUUID())
    wedding = models.ForeignKey(Wedding, models.CASCADE, related_name="tasks")
    template = models.CharField(max_length=40, blank=True, default="", db_default="")
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=20, blank=True, default="", db_default="")
    due_date = models.DateField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=Status, default=Status.OPEN, db_default=Status.OPEN
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="completed_tasks"
    )
    position = models.PositiveSmallIntegerField(default=0, db_default=0)

    objects = TaskQuerySet.as_manager()

    class Meta:
        permissions = [("tick_task", "Can tick a couple's task")]
        constraints = [
            models.UniqueConstraint(
                fields=["wedding", "template"],
                condition=~Q(template=""),
                name="onboarding_task_once_from_a_template",
            ),
            models.CheckConstraint(
                condition=Q(status="open", completed_at=None, completed_by=None)
                | Q(status="done", completed_at__isnull=False),
                name="onboarding_task_done_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="onboarding_task_has_a_title"),
        ]

    def __str__(self) -> str:
        return f"task {self.uid}"

    @property
    def is_done(self) -> bool:
        return self.status == self.Status.DONE

    @property
    def interest_label(self) -> str:
        return label_of(self.category)


class Milestone(models.Model):
    """Reached once; undoing a task doesn't take it away. The counts say why it was reached."""

    wedding = models.ForeignKey(Wedding, models.CASCADE, related_name="milestones")
    key = models.CharField(max_length=20)
    tasks_done = models.PositiveIntegerField()
    tasks_total = models.PositiveIntegerField()
    reached_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wedding", "key"], name="onboarding_milestone_once"),
            models.CheckConstraint(
                condition=Q(key__in=MILESTONE_KEYS), name="onboarding_milestone_known"
            ),
            models.CheckConstraint(
                condition=models.Q(tasks_done__gte=1, tasks_done__lte=models.F("tasks_total")),
                name="onboarding_milestone_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} of wedding {self.wedding_id}"

    @property
    def title(self) -> str:
        return next(goal.title for goal in MILESTONES if goal.key == self.key)


class WizardDraft(models.Model):
    """What was typed on a step and isn't saved yet, by step: `{"1": {"name": "..."}}`."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="wizard_draft")
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"draft of user {self.user_id}"
