"""What a couple pays, as Stripe tells it, and the events in which it does.

Each row has Stripe's own id. Amounts are integers in the currency's smallest unit.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import triggers_billing as triggers
from accounts.models.deletion import Tombstone
from accounts.models.users import User

LONGEST_ID = 255


class SubscriptionStatus(models.TextChoices):
    """Source: Stripe API reference, the subscription object, `status`."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELED = "canceled"


# A subscription never leaves them, so they outrank whatever else an event says.
FINAL = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)
FINAL_RANK = 9


class Customer(models.Model):
    """Which of our users one of Stripe's customers is. Once known, that never changes."""

    stripe_id = models.CharField(primary_key=True, max_length=LONGEST_ID)
    user = models.ForeignKey(User, models.CASCADE, related_name="customers")
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        triggers = triggers.CUSTOMER

    def __str__(self) -> str:
        return self.stripe_id


class Subscription(models.Model):
    """The newest state that we know. Newest is by version, not by arrival: see accounts.billing."""

    stripe_id = models.CharField(primary_key=True, max_length=LONGEST_ID)
    user = models.ForeignKey(User, models.CASCADE, related_name="subscriptions")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="subscriptions")
    status = models.CharField(max_length=20, choices=SubscriptionStatus)
    cancel_at_period_end = models.BooleanField(default=False, db_default=False)
    period_end = models.DateTimeField()
    # Stripe's, of what is bought; empty where nothing was told of it since they are kept.
    prices = ArrayField(models.CharField(max_length=LONGEST_ID), default=list, db_default=[])
    # The version: when the event happened, and what it outranks within that second.
    event_created_at = models.DateTimeField()
    event_rank = models.PositiveSmallIntegerField()
    # Since when two events of one second contradict each other; Stripe is asked then.
    in_doubt_since = models.DateTimeField(null=True, blank=True)
    # When Stripe's own list showed it last.
    listed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        triggers = triggers.SUBSCRIPTION
        constraints = [
            models.UniqueConstraint(
                name="accounts_subscription_one_live",
                fields=["user"],
                condition=~Q(status__in=FINAL),
            ),
            models.CheckConstraint(
                name="accounts_subscription_status_is_known",
                condition=Q(status__in=SubscriptionStatus.values),
            ),
            models.CheckConstraint(
                name="accounts_subscription_final_outranks_all",
                condition=Q(status__in=FINAL, event_rank=FINAL_RANK)
                | (~Q(status__in=FINAL) & Q(event_rank__lt=FINAL_RANK)),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id


class Payment(models.Model):
    """An invoice that was paid, or that could not be collected yet. Kept when the user is gone."""

    class State(models.TextChoices):
        FAILED = "failed"
        PAID = "paid"

    stripe_id = models.CharField(primary_key=True, max_length=LONGEST_ID)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="payments")
    # Whose it was, when nobody may know it any more.
    tombstone = models.ForeignKey(
        Tombstone, models.PROTECT, null=True, blank=True, related_name="payments"
    )
    # No foreign key: the invoice may come before the subscription.
    subscription_id = models.CharField(max_length=LONGEST_ID, blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=State)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    period_end = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    event_created_at = models.DateTimeField()
    created_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        triggers = triggers.PAYMENT
        indexes = [models.Index(fields=["subscription_id"], name="accounts_payment_subscription")]
        constraints = [
            models.CheckConstraint(
                name="accounts_payment_amount_is_positive", condition=Q(amount__gt=0)
            ),
            models.CheckConstraint(
                name="accounts_payment_has_a_currency", condition=Q(currency__regex="^[a-z]{3}$")
            ),
            models.CheckConstraint(
                name="accounts_payment_state_is_known",
                condition=Q(state__in=["failed", "paid"]),
            ),
            models.CheckConstraint(
                name="accounts_payment_is_of_somebody",
                condition=Q(user__isnull=False, tombstone=None)
                | Q(user=None, tombstone__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id


class Event(models.Model):
    """One event of Stripe's, as it came, and what became of it."""

    class State(models.TextChoices):
        # Only while its own transaction runs.
        RECEIVED = "received"
        APPLIED = "applied"
        IGNORED = "ignored"
        FAILED = "failed"

    class Reason(models.TextChoices):
        UNHANDLED_TYPE = "unhandled_type", "nothing here depends on events of this type"
        OTHER_MODE = "other_mode", "it is of the other mode: test instead of live, or the reverse"
        OTHER_ACCOUNT = "other_account", "it is of another account, connected to ours at Stripe"
        NO_OWNER = "no_owner", "its customer is none that we know"
        TOMBSTONED = "tombstoned", "its customer had an account that is deleted"
        STALE = "stale", "it says nothing new: what we know is as new, or newer"

    stripe_id = models.CharField(primary_key=True, max_length=LONGEST_ID)
    type = models.CharField(max_length=LONGEST_ID)
    # As Stripe says it, to the second.
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(editable=False, db_default=Now())
    api_version = models.CharField(max_length=40, blank=True, default="", db_default="")
    livemode = models.BooleanField()
    customer_id = models.CharField(max_length=LONGEST_ID, blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=State, db_default=State.RECEIVED)
    # Of an ignored one, a Reason; of a failed one, the kind of the error.
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    # The body to the byte, encrypted: it names the customer. None when its time is over.
    sealed = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name = "Stripe event"
        triggers = triggers.EVENT
        default_permissions = ("view",)
        permissions = [("replay_event", "Can replay a Stripe event")]
        indexes = [
            models.Index(fields=["received_at"], name="accounts_event_received_at"),
            models.Index(fields=["customer_id", "happened_at"], name="accounts_event_customer"),
            models.Index(
                fields=["received_at"], condition=Q(state="failed"), name="accounts_event_failed"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="accounts_event_state_is_known",
                condition=Q(state__in=["received", "applied", "ignored", "failed"]),
            ),
            models.CheckConstraint(
                name="accounts_event_has_a_reason",
                condition=Q(state__in=["received", "applied"], reason="")
                | (Q(state__in=["ignored", "failed"]) & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id


class EventChange(models.Model):
    """A row that an event changed."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="changes")
    # As the audit log names objects, such as accounts.subscription:sub_1.
    subject = models.TextField()
    fields = ArrayField(models.TextField())

    class Meta:
        triggers = triggers.EVENT_CHANGE
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["event", "subject"], name="accounts_eventchange_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} by {self.event_id}"
