"""What Stripe's own lists said: when they were read, what never came, what is otherwise there."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin.billing import OfStripe, to_list, to_person
from accounts.admin.facts import anchor, link
from accounts.billing.differences import to_be_confirmed
from accounts.invariants.comparing import AGREES, HERE, LISTED
from accounts.models import (
    Comparison,
    Customer,
    Event,
    ListedSubscription,
    MissedEvent,
    Subscription,
    User,
)
from integrity.admin.base import FactsAdmin, utc
from integrity.invariants import invariants


def _to_invariant(name: str) -> str:
    """Whose page goes by the very name."""
    url = reverse("admin:integrity_invariant_change", args=[name])
    return anchor(invariants.get(name).statement, url)


@admin.register(Comparison)
class ComparisonAdmin(FactsAdmin):
    list_display = ["started", "state", "finished", "read", "from_then_on"]
    ordering = ["-pk"]
    fields = [
        *("started", "state", "finished", "after", "read", "from_then_on"),
        *("missed", "otherwise", "not_listed", "once"),
        *("events_invariant", "subscriptions_invariant", "listed_invariant"),
    ]
    started, finished = utc("started_at"), utc("finished_at")

    @admin.display(description="state")
    def state(self, comparison: Comparison) -> str:
        """One that isn't finished proves nothing."""
        return "finished" if comparison.finished_at else f"not finished: {comparison.reading}"

    @admin.display(description="events since", ordering="since")
    def from_then_on(self, comparison: Comparison) -> str:
        return f"{comparison.since:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="missed events now")
    def missed(self, comparison: Comparison) -> str:
        page = "accounts_missedevent_changelist"
        return link(f"{invariants.get(HERE).violations().count()}", page=page)

    @admin.display(description="otherwise at Stripe now")
    def otherwise(self, comparison: Comparison) -> str:
        page = "accounts_listedsubscription_changelist"
        return link(f"{invariants.get(AGREES).violations().count()}", page=page)

    @admin.display(description="not listed by Stripe now")
    def not_listed(self, comparison: Comparison) -> int:
        return invariants.get(LISTED).violations().count()

    @admin.display(description="to be confirmed by the next")
    def once(self, comparison: Comparison) -> int:
        """What only the newest has found."""
        return to_be_confirmed()

    @admin.display(description="invariant of events")
    def events_invariant(self, comparison: Comparison) -> str:
        return _to_invariant(HERE)

    @admin.display(description="invariant of subscriptions")
    def subscriptions_invariant(self, comparison: Comparison) -> str:
        return _to_invariant(AGREES)

    @admin.display(description="invariant of the other direction")
    def listed_invariant(self, comparison: Comparison) -> str:
        return _to_invariant(LISTED)


@admin.register(MissedEvent)
class MissedEventAdmin(FactsAdmin):
    list_display = ["type", "seen", "has_come", "stripe_id"]
    list_filter = ["type"]
    search_fields = ["=stripe_id"]
    search_help_text = "A whole id of Stripe's."
    ordering = ["-seen_at"]
    # What it says is personal, and shown to nobody.
    fields = ["stripe_id", "type", "seen", "event", "invariant"]
    seen = utc("seen_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MissedEvent]:
        come = Exists(Event.objects.filter(pk=OuterRef("pk")))
        missed: QuerySet[MissedEvent] = super().get_queryset(request)
        return missed.annotate(has_come=come)

    @admin.display(description="here by now", boolean=True)
    def has_come(self, missed: Any) -> bool:
        return bool(missed.has_come)

    @admin.display(description="event")
    def event(self, missed: Any) -> str:
        if not missed.has_come:
            return "It has not come. The repair of the invariant takes it."
        return link(missed.pk, page="accounts_event_change", pk=missed.pk)

    @admin.display(description="invariant")
    def invariant(self, missed: MissedEvent) -> str:
        return _to_invariant(HERE)


@admin.register(ListedSubscription)
class ListedSubscriptionAdmin(OfStripe):
    list_display = ["stripe_id", "status", "status_here", "renews", "period", "seen"]
    list_filter = ["status"]
    search_fields = ["=stripe_id", "=customer_id"]
    search_help_text = "A whole id of Stripe's: the subscription's or the customer's."
    ordering = ["-seen_at"]
    fields = [
        *("stripe_id", "status", "status_here", "renews", "period", "bought", "seen"),
        *("since", "person", "customer_id", "events", "invariant"),
    ]
    period, seen, since = utc("period_end"), utc("seen_at"), utc("differs_since")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListedSubscription]:
        ours = Subscription.objects.filter(pk=OuterRef("pk"))
        listed: QuerySet[ListedSubscription] = super().get_queryset(request)
        return listed.annotate(ours=Subquery(ours.values("status")))

    @admin.display(description="status here")
    def status_here(self, listed: Any) -> str:
        if listed.ours is None:
            return "not here"
        return link(listed.ours, page="accounts_subscription_change", pk=listed.pk)

    @admin.display(description="renews", boolean=True)
    def renews(self, listed: ListedSubscription) -> bool:
        return not listed.cancel_at_period_end

    @admin.display(description="prices")
    def bought(self, listed: ListedSubscription) -> str:
        return ", ".join(listed.prices)

    @admin.display(description="person")
    def person(self, listed: ListedSubscription) -> str | None:
        """By its customer, or else by what it says itself."""
        known = Customer.objects.select_related("user").filter(pk=listed.customer_id).first()
        named = User.objects.filter(uid=listed.user_uid).first() if listed.user_uid else None
        owner = known.user if known else named
        return to_person(owner) if owner else None

    @admin.display(description="events of the customer")
    def events(self, listed: ListedSubscription) -> str | None:
        name = listed.customer_id
        return name and to_list(name, "event", name)

    @admin.display(description="invariant")
    def invariant(self, listed: ListedSubscription) -> str:
        return _to_invariant(AGREES)
