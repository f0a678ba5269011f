"""Ask Stripe how a subscription is: where its events contradict each other, or where none came."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.billing.changes import facts_of, write_subscription
from accounts.billing.customers import hold_owner
from accounts.billing.facts import READ, NotUnderstood, newest_subscription, subscription_facts
from accounts.billing.webhooks import NotAnEvent, customer_of, time_of, users_of
from accounts.clients.payments import Payments, payments
from accounts.errors import AccountError
from accounts.locks import hold_user
from accounts.models import FINAL, FINAL_RANK, Subscription, SubscriptionStatus, User
from integrity.audit import Actor
from integrity.flows import flow

FETCH_SUBSCRIPTION = "accounts.fetch_subscription"


class CannotAsk(AccountError):
    """Stripe isn't configured, or doesn't know this object. Compare its mode and keys."""


class SecondSubscription(AccountError):
    """Its account has another subscription that runs. End one of the two at Stripe, pay it back, and
    compare again."""


def read_again(*, subscription: str, by: Actor) -> None:
    """Read a subscription that is in doubt, outside any transaction, and take it over.

    Raises:
        CannotAsk: another try would end the same.
        VendorError: see accounts.clients.outcomes; try again.
    """
    row = Subscription.objects.filter(pk=subscription, in_doubt_since__isnull=False).first()
    if row is None:
        return
    client = _client()
    found = client.subscription(subscription)
    if found is not None:
        settle_doubt(subscription=subscription, found=found, asked_at=row.event_created_at, by=by)
    elif client.knows_customer(row.customer_id):
        end_unknown(subscription=subscription, by=by)
    else:
        raise CannotAsk


def fetch(*, subscription: str, by: Actor) -> None:
    """Take one over that Stripe lists and that is not here, outside any transaction.

    Raises:
        AccountError: another try would end the same; see `take_subscription`.
        VendorError: see accounts.clients.outcomes; try again.
    """
    if not Subscription.objects.filter(pk=subscription).exists():
        take_subscription(found=_asked(subscription), by=by)


@flow("accounts.take_subscription")
def take_subscription(*, found: Mapping[str, Any], by: Actor) -> bool:
    """Write a subscription of which no event has told.

    What was read has the time at which it was made, at Stripe's clock: whatever an event says of it
    later is newer, and where one of that very second says otherwise, Stripe is asked again.

    Raises:
        Ownerless, CustomerOfAnother, UserNotFound: nobody is known whose it is.
        SecondSubscription, NotUnderstood: nothing was changed.
    """
    said = subscription_facts(found, at=_made_at(found), rank=READ)
    user, _ = hold_owner(customer_of(found), users_of(found))
    if Subscription.objects.filter(pk=said.stripe_id).exists():
        return False
    if not said.is_final and _live(user):
        raise SecondSubscription
    write_subscription(None, said, user=user, customer_id=customer_of(found))
    return True


@flow("accounts.settle_doubt")
def settle_doubt(
    *, subscription: str, found: Mapping[str, Any], asked_at: datetime, by: Actor
) -> bool:
    """Take over what Stripe says, unless a newer event has come meanwhile.

    Args:
        found: the subscription as Stripe shows it.
        asked_at: the second whose events contradicted each other when Stripe was asked. What was
            read is newer than they are, and whatever happens later is newer than that.

    Raises:
        NotUnderstood: what was read lacks something; nothing was changed.
    """
    known = Subscription.objects.select_related("user").filter(pk=subscription).first()
    if known is None:
        return False
    hold_user(known.user)
    row = Subscription.objects.get(pk=subscription)
    if row.in_doubt_since is None or row.event_created_at != asked_at:
        return False
    said = subscription_facts(found, at=asked_at, rank=READ)
    newest = newest_subscription(facts_of(row), said)
    # Also where an end stays what it was: Stripe has been asked.
    write_subscription(row, replace(newest, in_doubt=False))
    return True


@flow("accounts.end_unknown")
def end_unknown(*, subscription: str, by: Actor) -> bool:
    """End one here that Stripe doesn't know, although it knows whose it was: nobody pays for it.

    Were it the account or the mode of another key, the customer would be unknown as well.
    """
    known = Subscription.objects.select_related("user").filter(pk=subscription).first()
    if known is None:
        return False
    hold_user(known.user)
    running = Subscription.objects.filter(pk=subscription, in_doubt_since__isnull=False)
    ended = {"status": SubscriptionStatus.CANCELED, "event_rank": FINAL_RANK}
    return bool(running.exclude(status__in=FINAL).update(**ended, in_doubt_since=None))


def _made_at(found: Mapping[str, Any]) -> datetime:
    try:
        return time_of(found.get("created"))
    except NotAnEvent:
        raise NotUnderstood from None


def _asked(subscription: str) -> Mapping[str, Any]:
    found = _client().subscription(subscription)
    if found is None:
        raise CannotAsk
    return found


def _client() -> Payments:
    client = payments()
    if client is None:
        raise CannotAsk
    return client


def _live(user: User) -> bool:
    return Subscription.objects.filter(user=user).exclude(status__in=FINAL).exists()
