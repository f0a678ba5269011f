"""Ask Stripe how a subscription is, where its events contradict each other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.billing import facts_of, write_subscription
from accounts.billing_facts import READ, newest_subscription, subscription_facts
from accounts.clients.payments import payments
from accounts.errors import AccountError
from accounts.lookup import hold_user
from accounts.models import Subscription
from integrity.audit import Actor
from integrity.flows import flow


class CannotAsk(AccountError):
    """Stripe isn't configured, or doesn't know this subscription. Compare its mode and keys."""


def read_again(*, subscription: str, by: Actor) -> None:
    """Read a subscription that is in doubt, outside any transaction, and take it over.

    Raises:
        CannotAsk: another try would end the same.
        VendorError: see accounts.clients.outcomes; try again.
    """
    row = Subscription.objects.filter(pk=subscription, in_doubt_since__isnull=False).first()
    if row is None:
        return
    client = payments()
    found = client.subscription(subscription) if client else None
    if found is None:
        raise CannotAsk
    settle_doubt(subscription=subscription, found=found, asked_at=row.event_created_at, by=by)


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
    write_subscription(row, newest_subscription(facts_of(row), said))
    return True
