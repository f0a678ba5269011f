"""What must hold of payments, usage and deleted accounts."""

from datetime import UTC, timedelta

from django.conf import settings
from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, Now, TruncMonth

from accounts.billing.correcting import asked_about, wrong_payments
from accounts.billing.entitlement import premium_prices
from accounts.leaving.deletion import KIND
from accounts.models import (
    FINAL,
    Event,
    EventChange,
    Payment,
    PlanChange,
    Subscription,
    Tombstone,
    UsageEntry,
    User,
)
from integrity.invariants import CounterDrift, Severity, Stuck, Uniqueness, declare, invariant
from integrity.models import Saga

declare(
    Stuck(
        "accounts.no_event_waits",
        statement="What Stripe tells is applied within a quarter of an hour.",
        model="accounts.Event",
        since="received_at",
        longer_than=timedelta(minutes=15),
        where=Q(state__in=[Event.State.RECEIVED, Event.State.FAILED]),
    )
)
declare(
    Stuck(
        "accounts.every_event_has_an_owner",
        statement="Whom an event is about is known within an hour.",
        severity=Severity.WARNING,
        model="accounts.Event",
        since="received_at",
        longer_than=timedelta(hours=1),
        where=Q(state=Event.State.IGNORED, reason=Event.Reason.NO_OWNER),
    )
)
declare(
    Stuck(
        "accounts.no_subscription_is_in_doubt",
        statement="Where Stripe's events contradict each other, it is asked within a quarter of an"
        " hour.",
        model="accounts.Subscription",
        since="in_doubt_since",
        longer_than=timedelta(minutes=15),
        where=Q(in_doubt_since__isnull=False),
    )
)
declare(
    Stuck(
        "accounts.no_plan_change_waits",
        statement="What a couple asks of their plan is told to Stripe within a quarter of an hour.",
        model="accounts.PlanChange",
        since="created_at",
        longer_than=timedelta(minutes=15),
        where=Q(state=PlanChange.State.WAITING),
    )
)
declare(
    Uniqueness(
        "accounts.one_live_subscription_per_user",
        statement="Nobody pays for two subscriptions at once.",
        severity=Severity.CRITICAL,
        model="accounts.Subscription",
        fields=("user",),
        where=~Q(status__in=FINAL),
    )
)
declare(
    CounterDrift(
        "accounts.usage_counts_its_entries",
        statement="A counter of use is the sum of its entries.",
        model="accounts.UsageCounter",
        counter="value",
        counted="accounts.UsageEntry",
        by="counter",
        total="delta",
    )
)


@invariant(
    "accounts.every_subscription_is_of_premium",
    statement="A subscription that runs is of a price that gives premium.",
)
def every_subscription_is_of_premium() -> QuerySet[Subscription]:
    """Else somebody pays, and has the free plan."""
    running = Subscription.objects.exclude(Q(status__in=FINAL) | Q(prices=[]))
    of_another = running.exclude(prices__overlap=premium_prices()) if premium_prices() else running
    return of_another.annotate(actual=F("prices"))


@invariant(
    "accounts.every_event_says_what_became_of_it",
    statement="An event that was applied changed a row; any other says why it changed none.",
    severity=Severity.CRITICAL,
)
def every_event_says_what_became_of_it() -> QuerySet[Event]:
    changed = Exists(EventChange.objects.filter(event=OuterRef("pk")))
    untold = Q(state__in=[Event.State.IGNORED, Event.State.FAILED], reason="")
    wrong = Q(~changed, state=Event.State.APPLIED) | untold
    return Event.objects.filter(wrong).annotate(actual=F("state"))


@invariant(
    "accounts.events_come_as_configured",
    statement="Stripe's events come in the tested version, and in this site's mode and account.",
    severity=Severity.WARNING,
)
def events_come_as_configured() -> QuerySet[Event]:
    """The newest one tells the version: the endpoint has one, and it is mended at Stripe."""
    newest = Event.objects.order_by("-received_at", "-pk").values("pk")[:1]
    other_version = Q(pk__in=newest) & ~Q(api_version=settings.STRIPE_WEBHOOK_API_VERSION)
    others = [Event.Reason.OTHER_MODE, Event.Reason.OTHER_ACCOUNT]
    not_ours = Q(reason__in=others, received_at__gt=Now() - timedelta(days=1))
    violating = Event.objects.filter(other_version | not_ours)
    return violating.annotate(actual=F("api_version"))


@invariant(
    "accounts.every_payment_is_of_somebody",
    statement="A payment is of more than nothing, in a currency, and of somebody, deleted or not.",
    severity=Severity.CRITICAL,
    in_flight=asked_about,
)
def every_payment_is_of_somebody() -> QuerySet[Payment]:
    """One that Stripe is being asked about is suspected; the invariants about effects see to the
    promise, and what was given up is wrong again."""
    return wrong_payments()


@invariant(
    "accounts.usage_is_in_its_month",
    statement="A use counts in the month in which it happened.",
)
def usage_is_in_its_month() -> QuerySet[UsageEntry]:
    return UsageEntry.objects.annotate(
        expected=TruncMonth("at", tzinfo=UTC, output_field=DateField()),
        actual=F("counter__period"),
    ).exclude(actual=F("expected"))


@invariant(
    "accounts.no_deleted_user_is_back",
    statement="An account that was deleted for good has not come back.",
    severity=Severity.CRITICAL,
)
def no_deleted_user_is_back() -> QuerySet[User]:
    """Until its deletion is finished, its row is still there; what comes back joins later."""
    sealed = Tombstone.objects.filter(uid=OuterRef("uid"))
    before = sealed.filter(sealed_at__lt=OuterRef("date_joined"))
    # Only a restore brings back one that may log in, or that nobody is deleting.
    restored = Q(Exists(sealed)) & (Q(is_active=True) | Q(leaving_since=None))
    return User.objects.filter(Q(Exists(before)) | restored)


@invariant(
    "accounts.whoever_leaves_is_being_deleted",
    statement="An account that is to be deleted has a deletion under way.",
    severity=Severity.CRITICAL,
)
def whoever_leaves_is_being_deleted() -> QuerySet[User]:
    """Else nothing of it changes any more, and nobody finishes it."""
    under_way = Saga.objects.filter(
        kind=KIND, subject=Cast(OuterRef("uid"), TextField()), finished_at=None
    )
    return User.objects.filter(~Exists(under_way), leaving_since__isnull=False)


@invariant(
    "accounts.nobody_who_is_gone_pays",
    statement="Whoever has deleted their account is not charged any more.",
    severity=Severity.CRITICAL,
)
def nobody_who_is_gone_pays() -> QuerySet[Event]:
    """The end of a subscription, told late, is in order; money is not."""
    return Event.objects.filter(
        type="invoice.paid",
        state=Event.State.IGNORED,
        reason=Event.Reason.TOMBSTONED,
    )
