"""What somebody asks of their plan, from the click until Stripe has it."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.billing import LONGEST_ID, Subscription
from accounts.models.users import User


class PlanChange(models.Model):
    """One intent. The outbox carries it to Stripe; what becomes true then, Stripe's events tell."""

    class Kind(models.TextChoices):
        BUY = "buy"
        CANCEL = "cancel"
        KEEP = "keep", "take the cancelling back"

    class State(models.TextChoices):
        WAITING = "waiting", "to be told to Stripe"
        # Only of what is bought: Stripe's page is there, and nobody has paid on it yet.
        OPEN = "open", "to be paid for"
        DONE = "done"
        FAILED = "failed"

    class Reason(models.TextChoices):
        REFUSED = "refused", "Stripe refused it"
        ENDED = "ended", "the subscription has ended"
        SUBSCRIBED = "subscribed", "there is a subscription already"
        EXPIRED = "expired", "nobody has paid in time"
        LEAVING = "leaving", "the account was to be deleted"

    uid = models.UUIDField(unique=True, editable=False, default=uuid.uuid4, db_default=RandomUUID())
    user = models.ForeignKey(User, models.CASCADE, related_name="plan_changes")
    kind = models.CharField(max_length=10, choices=Kind)
    # What is cancelled or kept.
    subscription = models.ForeignKey(Subscription, models.CASCADE, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, db_default=State.WAITING)
    reason = models.CharField(max_length=20, choices=Reason, blank=True, default="", db_default="")
    checkout_id = models.CharField(max_length=LONGEST_ID, blank=True, default="", db_default="")
    # Whoever has it may pay; gone when that is over.
    checkout_url = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(editable=False, db_default=Now())
    # Since when Stripe knows of it, or that it never will.
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["checkout_id"], name="accounts_planchange_checkout")]
        constraints = [
            models.UniqueConstraint(
                name="accounts_planchange_one_at_a_time",
                fields=["user"],
                condition=Q(state__in=["waiting", "open"]),
            ),
            models.CheckConstraint(
                name="accounts_planchange_kind_is_known",
                condition=Q(kind="buy", subscription=None)
                | Q(kind__in=["cancel", "keep"], subscription__isnull=False),
            ),
            models.CheckConstraint(
                name="accounts_planchange_state_is_known",
                condition=Q(state="waiting", answered_at=None)
                | Q(state__in=["open", "done", "failed"], answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="accounts_planchange_open_has_a_page",
                condition=(Q(state="open", kind="buy") & ~Q(checkout_url=""))
                | (~Q(state="open") & Q(checkout_url="")),
            ),
            models.CheckConstraint(
                name="accounts_planchange_failed_has_a_reason",
                condition=(Q(state="failed") & ~Q(reason="")) | (~Q(state="failed") & Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"
