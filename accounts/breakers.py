"""How the promises about accounts are broken on purpose."""

import json
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models.functions import Now
from django.utils.crypto import get_random_string

from accounts.inbox import receive_event
from accounts.models import (
    Address,
    Comparison,
    Customer,
    Event,
    EventChange,
    ListedSubscription,
    Member,
    Metric,
    MissedEvent,
    Payment,
    PlanChange,
    Profile,
    Subscription,
    Tombstone,
    UsageCounter,
    UsageEntry,
    User,
    Wedding,
    WeddingStats,
)
from accounts.signup import sign_up
from accounts.usage import use
from accounts.webhooks import StripeEvent
from integrity.audit import SYSTEM
from integrity.selftest import breaker, unguarded


def a_couple() -> User:
    """Signed up as anybody is."""
    email = f"selftest-{get_random_string(8).lower()}@example.com"
    return sign_up(email=email, password_hash=make_password(None), by=SYSTEM)


@breaker("accounts.every_user_has_a_profile")
@breaker("accounts.as_many_profiles_as_users")
def take_a_profile_away() -> None:
    couple = a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.filter(user=couple).delete()


@breaker("accounts.every_profile_has_a_user")
def leave_a_profile_behind() -> None:
    a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.create(user_id=2**40, email="selftest@example.com")


@breaker("accounts.every_couple_has_a_wedding")
def take_a_wedding_away() -> None:
    couple = a_couple()
    with unguarded("accounts_member", "accounts_weddingstats", "accounts_wedding"):
        wedding = couple.membership.wedding
        Member.objects.filter(user=couple).delete()
        WeddingStats.objects.filter(wedding=wedding).delete()
        Wedding.objects.filter(pk=wedding.pk).delete()


@breaker("accounts.every_open_wedding_has_a_member")
def desert_a_wedding() -> None:
    with unguarded("accounts_wedding"):
        WeddingStats.objects.create(wedding=Wedding.objects.create())


@breaker("accounts.every_wedding_has_stats")
def take_stats_away() -> None:
    couple = a_couple()
    with unguarded("accounts_weddingstats"):
        WeddingStats.objects.filter(wedding__members__user=couple).delete()


@breaker("accounts.profile_has_the_users_email")
def change_the_copy() -> None:
    Profile.objects.filter(user=a_couple()).update(email="another@example.com")


@breaker("accounts.profile_knows_whether_verified")
def claim_to_be_verified() -> None:
    Profile.objects.filter(user=a_couple()).update(email_verified=True)


@breaker("accounts.primary_address_is_the_users_email")
def demote_the_address() -> None:
    Address.objects.filter(user=a_couple()).update(primary=False)


@breaker("accounts.every_email_is_canonical")
def spell_an_email_otherwise() -> None:
    couple = a_couple()
    with unguarded("accounts_user"):
        User.objects.filter(pk=couple.pk).update(email="Selftest@Example.com")


@breaker("accounts.every_address_is_canonical")
def spell_an_address_otherwise() -> None:
    Address.objects.filter(user=a_couple()).update(email="Selftest@Example.com")


@breaker("accounts.no_wizard_is_half_made")
def forget_the_name() -> None:
    couple = a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.filter(user=couple).update(step=1)


@breaker("accounts.whoever_begins_the_wizard_finishes_it")
def stop_half_way() -> None:
    joined = Now() - timedelta(days=100)
    couple = a_couple()
    Profile.objects.filter(user=couple).update(step=1, name="Ada", date_joined=joined)


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
    item = {"current_period_end": int(LONG_AGO.timestamp())}
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


@breaker("accounts.whoever_leaves_is_being_deleted")
def leave_and_stay_for_ever() -> None:
    User.objects.filter(pk=a_couple().pk).update(leaving_since=Now())


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
    )


# They need what is above.
from accounts import breakers_membership, breakers_vendors  # isort: skip  # noqa: E402, F401
