"""What Stripe's own lists say, where it is not what we have."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.billing import LONGEST_ID, SubscriptionStatus
from accounts.models.passes import Pass


class Comparison(Pass):
    """One reading of Stripe's lists."""

    class List(models.TextChoices):
        EVENTS = "events"
        SUBSCRIPTIONS = "subscriptions"

    # Events that happened from then on.
    since = models.DateTimeField()
    # Where to go on: in which list, after which of its objects.
    reading = models.CharField(max_length=20, choices=List, db_default=List.EVENTS)
    after = models.CharField(max_length=LONGEST_ID, blank=True, default="", db_default="")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="accounts_comparison_list_is_known",
                condition=Q(reading__in=["events", "subscriptions"]),
            ),
        ]

    def __str__(self) -> str:
        return f"comparison {self.pk}"


class MissedEvent(models.Model):
    """An event that Stripe lists, and that had not come when it was listed."""

    stripe_id = models.CharField(primary_key=True, max_length=LONGEST_ID)
    type = models.CharField(max_length=LONGEST_ID)
    seen_at = models.DateTimeField(editable=False, db_default=Now())
    # The event, encrypted: it names the customer.
    sealed = models.BinaryField(editable=False)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.stripe_id


class ListedSubscription(models.Model):
    """A subscription as Stripe lists it, where ours was another when it was listed."""

    stripe_id = models.CharField(primary_key=True, max_length=LONGEST_ID)
    status = models.CharField(max_length=20, choices=SubscriptionStatus)
    cancel_at_period_end = models.BooleanField()
    period_end = models.DateTimeField()
    prices = ArrayField(models.CharField(max_length=LONGEST_ID), default=list, db_default=[])
    # Whose it is: a customer whom we know, or whom its metadata names.
    customer_id = models.CharField(max_length=LONGEST_ID, blank=True, default="", db_default="")
    user_uid = models.UUIDField(null=True, blank=True)
    # What is told of it later than that is newer than this row.
    seen_at = models.DateTimeField()
    # When a comparison found that first, with none since that found them alike.
    differs_since = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="accounts_listedsubscription_status_is_known",
                condition=Q(status__in=SubscriptionStatus.values),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id
