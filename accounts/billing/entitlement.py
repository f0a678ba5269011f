"""What a couple may use: by what they pay now, and until when that is certain."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, TextChoices
from django.utils import timezone

from accounts.models import FINAL, Payment, Subscription, SubscriptionStatus, Wedding

# A renewal is collected about an hour after its period began; a card that fails gets a week.
GRACE = timedelta(days=7)


class Plan(TextChoices):
    FREE = "free"
    PREMIUM = "premium"


def plan_of(wedding: Wedding, *, at: datetime | None = None) -> Plan:
    """Premium while one of its members pays for it.

    Args:
        at: the moment that is asked about; now, if None.
    """
    at = at or timezone.now()
    ends = [entitled_until(each) for each in _live_subscriptions(wedding)]
    return Plan.PREMIUM if any(end and end > at for end in ends) else Plan.FREE


def entitled_until(subscription: Subscription) -> datetime | None:
    """When premium ends if nothing more is heard; None where there is none, or it is of another price.

    A running subscription counts until the end of its period. One whose payment failed counts until
    the end of what was paid. Both get a week of grace.
    """
    if not is_of_premium(subscription):
        return None
    payments = Payment.objects.filter(subscription_id=subscription.pk, state=Payment.State.PAID)
    paid: datetime | None = payments.aggregate(until=Max("period_end"))["until"]
    match subscription.status:
        case SubscriptionStatus.ACTIVE | SubscriptionStatus.TRIALING:
            return max(subscription.period_end, paid or subscription.period_end) + GRACE
        case SubscriptionStatus.PAST_DUE if paid:
            return paid + GRACE
    return None


def premium_prices() -> list[str]:
    """Stripe's, of what gives premium: the one that is sold now, and those that were sold before."""
    return [each for each in (settings.STRIPE_PRICE, *settings.STRIPE_FORMER_PRICES) if each]


def is_of_premium(subscription: Subscription) -> bool:
    """Where its prices or those of premium aren't known, nothing is taken from who pays."""
    known = premium_prices()
    nobody_can_tell = not (known and subscription.prices)
    return nobody_can_tell or not set(known).isdisjoint(subscription.prices)


def _live_subscriptions(wedding: Wedding) -> list[Subscription]:
    theirs = Subscription.objects.filter(user__membership__wedding=wedding)
    return list(theirs.exclude(status__in=FINAL).order_by("pk"))
