"""Stripe's events and what they changed: subscriptions, payments. And what each wedding uses."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.facts import AccountFacts, ReadOnlyInline, link
from accounts.billing.entitlement import entitled_until, is_of_premium, plan_of
from accounts.billing.inbox import Outcome, State, replay_event
from accounts.billing.usage import LIMITS
from accounts.errors import AccountError
from accounts.models import (
    FINAL,
    Event,
    EventChange,
    Export,
    ListedSubscription,
    Payment,
    PlanChange,
    Subscription,
    UsageCounter,
    UsageEntry,
    User,
)
from integrity.admin.base import FactsAdmin, utc
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor

OF_A_PERSON = "The beginning of an address, or a whole id, of ours or of Stripe's."


class ChangeInline(ReadOnlyInline):
    model = EventChange
    verbose_name_plural = "what it changed"
    fields = ["subject", "fields"]


@admin.register(Event)
class EventAdmin(FactsAdmin):
    list_display = ["type", "state", "reason", "attempts", "received", "customer_id"]
    list_filter = ["state", "type", "livemode"]
    search_fields = ["=stripe_id", "=customer_id"]
    search_help_text = "A whole id of Stripe's: the event's or the customer's."
    ordering = ["-received_at"]
    fields = [
        *("stripe_id", "type", "customer_id", "state", "why", "attempts", "happened"),
        *("received", "api_version", "mode", "is_kept"),
    ]
    happened, received = utc("happened_at"), utc("received_at")
    inlines = [ChangeInline]
    actions_detail = ["replay"]
    has_replay_event_permission = may("accounts.replay_event")

    @admin.display(description="reason")
    def why(self, event: Event) -> str:
        """In words, where there are any: of a failed one it is the kind of the error."""
        return dict(Event.Reason.choices).get(event.reason, event.reason)

    @admin.display(description="mode")
    def mode(self, event: Event) -> str:
        return "live" if event.livemode else "test"

    @admin.display(description="body is kept", boolean=True)
    def is_kept(self, event: Event) -> bool:
        """What it says is personal, and shown to nobody."""
        return event.sealed is not None

    @verb(
        permission="replay_event",
        title="Replay",
        explain="Applies the event once more. One that was applied has had its effect, so that"
        " nothing happens; one that was ignored or failed is looked at anew.",
        submit="Replay the event",
        refusals=(AccountError,),
    )
    def replay(self, event: Event, form: ReasonForm, by: Actor) -> str:
        return _told(replay_event(event_id=event.pk, by=by))


def _told(outcome: Outcome) -> str:
    if outcome.repeated:
        return "A no-op: this event was applied before, and nothing was changed now."
    if outcome.state == State.APPLIED:
        return "The event is applied. What it changed is listed below."
    return f"The event changed nothing: {outcome.state}, {outcome.reason}."


def to_person(user: User) -> str:
    return link(user.email, page="accounts_user_change", pk=user.pk)


def to_list(label: str, model: str, words: object) -> str:
    """To those rows of a model that a search for these words finds."""
    return link(label, page=f"accounts_{model}_changelist", query=f"?{urlencode({'q': words})}")


class OfAPerson(AccountFacts):
    """Rows that belong to a user, and lead to the user's page."""

    search_help_text = OF_A_PERSON
    list_select_related = ["user"]

    @admin.display(description="person")
    def person(self, row: Subscription | Payment | PlanChange | Export) -> str | None:
        return to_person(row.user) if row.user else None


class OfStripe(AccountFacts):
    """Rows whose key is Stripe's id of them."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Stripe's ids have capital letters.
        found, repeats = super().get_search_results(request, queryset, search_term)
        return (found | queryset.filter(pk=search_term) if search_term else found), repeats


@admin.register(Subscription)
class SubscriptionAdmin(OfStripe, OfAPerson):
    list_display = ["person", "status", "renews", "paid_period", "premium", "doubt"]
    list_display_links = ["status"]
    list_filter = ["status", "cancel_at_period_end"]
    search_fields = ["user__email__startswith", "user__uid"]
    ordering = ["-created_at"]
    fields = [
        *("stripe_id", "person", "customer_id", "status", "renews", "paid_period", "bought"),
        *("premium", "as_of", "event_rank", "doubt", "payments", "events", "changes", "listed"),
        "listed_last",
    ]
    paid_period, as_of, doubt = utc("period_end"), utc("event_created_at"), utc("in_doubt_since")
    listed_last = utc("listed_at")

    @admin.display(description="renews", boolean=True)
    def renews(self, subscription: Subscription) -> bool:
        return subscription.status not in FINAL and not subscription.cancel_at_period_end

    @admin.display(description="premium until")
    def premium(self, subscription: Subscription) -> str | None:
        until = entitled_until(subscription)
        return f"{until:%Y-%m-%d %H:%M:%S}" if until else None

    @admin.display(description="prices")
    def bought(self, subscription: Subscription) -> str:
        """Of which kind they are is for who knows the settings."""
        known = is_of_premium(subscription)
        return f"{', '.join(subscription.prices) or 'not told'} ({'' if known else 'not '}premium)"

    @admin.display(description="payments")
    def payments(self, subscription: Subscription) -> str:
        found = Payment.objects.filter(subscription_id=subscription.pk).count()
        return to_list(f"{found}", "payment", subscription.pk)

    @admin.display(description="events of the customer")
    def events(self, subscription: Subscription) -> str:
        found = Event.objects.filter(customer_id=subscription.customer_id).count()
        return to_list(f"{found}", "event", subscription.customer_id)

    @admin.display(description="plan changes")
    def changes(self, subscription: Subscription) -> str:
        found = PlanChange.objects.filter(subscription=subscription).count()
        return to_list(f"{found}", "planchange", subscription.pk)

    @admin.display(description="otherwise at Stripe")
    def listed(self, subscription: Subscription) -> str | None:
        """What the last comparison found, if it found anything."""
        listed = ListedSubscription.objects.filter(pk=subscription.pk).first()
        page = "accounts_listedsubscription_change"
        return link(listed.status, page=page, pk=listed.pk) if listed else None


@admin.register(Payment)
class PaymentAdmin(OfStripe, OfAPerson):
    list_display = ["person", "state", "money", "attempts", "pays_until", "as_of", "stripe_id"]
    list_display_links = ["state"]
    list_filter = ["state", "currency"]
    search_fields = ["user__email__startswith", "user__uid", "=subscription_id"]
    ordering = ["-event_created_at"]
    fields = [
        *("stripe_id", "person", "tombstone", "subscription_id", "state", "money", "attempts"),
        *("pays_until", "as_of"),
    ]
    pays_until, as_of = utc("period_end"), utc("event_created_at")

    @admin.display(description="amount", ordering="amount")
    def money(self, payment: Payment) -> str:
        """As Stripe counts it: in the currency's smallest unit."""
        return f"{payment.amount} {payment.currency}"


class EntryInline(ReadOnlyInline):
    model = UsageEntry
    verbose_name_plural = "entries"
    fields = ["operation_key", "delta", "at"]


@admin.register(UsageCounter)
class UsageCounterAdmin(FactsAdmin):
    list_display = ["of_wedding", "metric", "month", "value", "limit"]
    list_display_links = ["metric"]
    list_filter = ["metric", "period"]
    list_select_related = ["wedding"]
    search_fields = ["=wedding__uid"]
    search_help_text = "The whole id of a wedding."
    ordering = ["-period", "-value"]
    fields = ["of_wedding", "metric", "month", "value", "limit"]
    inlines = [EntryInline]

    @admin.display(description="wedding")
    def of_wedding(self, counter: UsageCounter) -> str:
        return link(f"{counter.wedding}", page="accounts_wedding_change", pk=counter.wedding_id)

    @admin.display(description="month", ordering="period")
    def month(self, counter: UsageCounter) -> str:
        return f"{counter.period:%Y-%m}"

    @admin.display(description="limit now")
    def limit(self, counter: UsageCounter) -> int | None:
        limits = {metric.value: known for metric, known in LIMITS.items()}
        return limits[counter.metric][plan_of(counter.wedding)]
