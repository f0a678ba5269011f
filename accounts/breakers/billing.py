"""How the promises about payments, usage and deleted accounts are broken on purpose."""

import json
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.utils.crypto import get_random_string

from accounts.billing.entitlement import premium_prices
from accounts.billing.inbox import receive_event
from accounts.billing.usage import use
from accounts.billing.webhooks import StripeEvent
from accounts.breakers.couple import a_couple
from accounts.models import (
    Comparison,
    Customer,
    Event,
    EventChange,
    ListedSubscription,
    Metric,
    MissedEvent,
    Payment,
    PlanChange,
    Subscription,
    Tombstone,
    UsageCounter,
    UsageEntry,
    User,
    Wedding,
)
from integrity.audit import SYSTEM
from integrity.selftest import breaker, unguarded

LONG_AGO = datetime(2020, 2, 2, tzinfo=UTC)


def _tell(couple: User | None, kind: str = "customer.created", **thing: object) -> str:
    """An event about the couple's customer; its id."""
    name = get_random_string(12)
    customer = f"cus_{couple.pk}" if couple else f"cus_{name}"
    named = {"metadata": {"user_id": str(couple.uid)}} if couple else {}
    about = {"id": customer, "object": "customer", "customer": customer} | named | thing
    event = StripeEvent(
        id=f"evt_{name}",
        type=kind,
        happened_at=LONG_AGO,
        api_version=settings.STRIPE_WEBHOOK_API_VERSION,
        livemode=settings.STRIPE_LIVEMODE,
        thing=about,
    )
    raw = json.dumps(
        {
            "id": event.id,
            "type": kind,
            "created": int(LONG_AGO.timestamp()),
            "api_version": event.api_version,
            "livemode": event.livemode,
            "data": {"object": about},
        }
    )
    receive_event(raw=raw.encode(), event=event, by=SYSTEM)
    return event.id


def _subscribe(couple: User, name: str, status: str = "active") -> None:
    Subscription.objects.create(
        stripe_id=f"sub_{name}",
        user=couple,
        customer=Customer.objects.get_or_create(stripe_id=f"cus_{couple.pk}", user=couple)[0],
        status=status,
        period_end=LONG_AGO,
        event_created_at=LONG_AGO,
        event_rank=1,
    )


@breaker("accounts.no_event_waits")
def leave_an_event_failed() -> None:
    """What was in its way is gone, so that the repair can do something."""
    couple = a_couple()
    _subscribe(couple, "first")
    price = {"id": next(iter(premium_prices()), "price_selftest")}
    item = {"current_period_end": int(LONG_AGO.timestamp()), "price": price}
    second = {"id": "sub_second", "object": "subscription", "items": {"data": [item]}}
    states = {"status": "active", "cancel_at_period_end": False}
    name = _tell(couple, "customer.subscription.created", **second, **states)
    Event.objects.filter(pk=name).update(received_at=LONG_AGO)
    Subscription.objects.filter(pk="sub_first").update(status="canceled", event_rank=9)


@breaker("accounts.every_event_has_an_owner")
def hear_of_a_stranger() -> None:
    Event.objects.filter(pk=_tell(None)).update(received_at=LONG_AGO)


@breaker("accounts.every_event_says_what_became_of_it")
def forget_what_an_event_changed() -> None:
    name = _tell(a_couple())
    with unguarded("accounts_eventchange"):
        EventChange.objects.filter(event=name).delete()


@breaker("accounts.events_come_as_configured")
def hear_in_another_version() -> None:
    Event.objects.filter(pk=_tell(a_couple())).update(api_version="2010-01-01")


@breaker("accounts.no_subscription_is_in_doubt")
def leave_a_doubt() -> None:
    _subscribe(a_couple(), "doubtful")
    Subscription.objects.update(in_doubt_since=LONG_AGO)


@breaker("accounts.no_plan_change_waits")
def leave_a_wish_untold() -> None:
    PlanChange.objects.create(user=a_couple(), kind=PlanChange.Kind.BUY)
    PlanChange.objects.update(created_at=LONG_AGO)


@breaker("accounts.one_live_subscription_per_user")
def subscribe_twice() -> None:
    couple = a_couple()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX accounts_subscription_one_live")
    _subscribe(couple, "first")
    _subscribe(couple, "second")


@breaker("accounts.every_subscription_is_of_premium")
def subscribe_to_something_else() -> None:
    _subscribe(a_couple(), "other")
    Subscription.objects.filter(pk="sub_other").update(prices=["price_of_something_else"])


@breaker("accounts.every_payment_is_of_somebody")
def pay_nothing() -> None:
    with unguarded("accounts_payment"):
        Payment.objects.create(
            stripe_id="in_selftest",
            state="paid",
            amount=0,
            currency="eur",
            period_end=LONG_AGO,
            event_created_at=LONG_AGO,
        )


def _use_something() -> UsageEntry:
    wedding = Wedding.objects.get(members__user=a_couple())
    use(wedding=wedding, metric=Metric.INVITATIONS, operation="selftest", by=SYSTEM)
    return UsageEntry.objects.get(operation_key="selftest")


@breaker("accounts.usage_counts_its_entries")
def count_a_use_twice() -> None:
    UsageCounter.objects.filter(pk=_use_something().counter_id).update(value=2)


@breaker("accounts.usage_is_in_its_month")
def count_a_use_in_another_month() -> None:
    entry = _use_something()
    with unguarded("accounts_usageentry"):
        UsageEntry.objects.filter(pk=entry.pk).update(at=LONG_AGO)


@breaker("accounts.no_deleted_user_is_back")
def come_back() -> None:
    Tombstone.objects.create(uid=a_couple().uid, sealed_at=LONG_AGO)


@breaker("accounts.nobody_who_is_gone_pays")
def charge_whoever_is_gone() -> None:
    gone = User(pk=2**40)
    Tombstone.objects.create(uid=gone.uid)
    _tell(gone, "invoice.paid", object="invoice")


def _compare() -> None:
    Comparison.objects.create(since=LONG_AGO, finished_at=Now())


@breaker("accounts.every_event_of_stripe_is_here")
def miss_an_event() -> None:
    _compare()
    name = _tell(a_couple())
    sealed = Event.objects.values_list("sealed", flat=True).get(pk=name)
    MissedEvent.objects.create(stripe_id=name, type="customer.created", sealed=sealed)
    with unguarded("accounts_eventchange", "accounts_event"):
        EventChange.objects.filter(event=name).delete()
        Event.objects.filter(pk=name).delete()


@breaker("accounts.every_subscription_is_as_at_stripe")
def have_another_subscription_than_stripe() -> None:
    _compare()
    _subscribe(a_couple(), "listed")
    ListedSubscription.objects.create(
        stripe_id="sub_listed",
        status="past_due",
        cancel_at_period_end=False,
        period_end=LONG_AGO,
        seen_at=Now(),
        differs_since=LONG_AGO,
    )


@breaker("accounts.every_subscription_is_at_stripe")
def have_a_subscription_that_stripe_does_not_list() -> None:
    _compare()
    _compare()
    _subscribe(a_couple(), "unlisted")
    Subscription.objects.filter(pk="sub_unlisted").update(created_at=LONG_AGO)
