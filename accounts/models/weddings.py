"""The wedding that a couple plans, who belongs to it, and its counts."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import triggers, triggers_membership
from accounts.models.users import User


class WeddingStatus(models.TextChoices):
    OPEN = "open"
    CLOSED = "closed"


class Role(models.TextChoices):
    OWNER = "owner"
    PARTNER = "partner"


class Wedding(models.Model):
    uid = models.UUIDField(unique=True, editable=False, default=uuid.uuid4, db_default=RandomUUID())
    date = models.DateField(null=True, blank=True)
    date_undecided = models.BooleanField(default=False, db_default=False)
    place = models.CharField(max_length=200, blank=True, default="", db_default="")
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    status = models.CharField(
        max_length=10,
        choices=WeddingStatus,
        default=WeddingStatus.OPEN,
        db_default=WeddingStatus.OPEN,
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False, db_default=Now())
    version = models.PositiveIntegerField(editable=False, default=0, db_default=0)

    class Meta:
        triggers = triggers.WEDDING + triggers_membership.WEDDING
        constraints = [
            models.CheckConstraint(
                name="accounts_wedding_date_or_undecided",
                condition=Q(date__isnull=True) | Q(date_undecided=False),
            ),
            models.CheckConstraint(
                name="accounts_wedding_closed_at_when_closed",
                condition=Q(status=WeddingStatus.OPEN, closed_at__isnull=True)
                | Q(status=WeddingStatus.CLOSED, closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="accounts_wedding_has_a_time_zone", condition=~Q(time_zone="")
            ),
        ]

    def __str__(self) -> str:
        return f"wedding {self.uid}"


class Member(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="membership")
    wedding = models.ForeignKey(Wedding, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=10, choices=Role, default=Role.OWNER, db_default=Role.OWNER)
    joined_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        triggers = triggers.MEMBER + triggers_membership.MEMBER
        constraints = [
            # One owner and one partner: two at most.
            models.UniqueConstraint(
                name="accounts_member_one_of_each_role", fields=["wedding", "role"]
            ),
            models.CheckConstraint(
                name="accounts_member_role_is_known", condition=Q(role__in=Role.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} of wedding {self.wedding_id}"


class WeddingStats(models.Model):
    wedding = models.OneToOneField(
        Wedding, on_delete=models.CASCADE, primary_key=True, related_name="stats"
    )
    tasks_total = models.PositiveIntegerField(default=0, db_default=0)
    tasks_done = models.PositiveIntegerField(default=0, db_default=0)
    last_active_date = models.DateField(null=True, blank=True)
    streak_days = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        triggers = triggers.STATS
        verbose_name = verbose_name_plural = "wedding stats"
        constraints = [
            models.CheckConstraint(
                name="accounts_stats_done_within_total",
                condition=Q(tasks_done__lte=F("tasks_total")),
            ),
            models.CheckConstraint(
                name="accounts_stats_streak_has_a_day",
                condition=Q(streak_days=0) | Q(last_active_date__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"stats of wedding {self.wedding_id}"
