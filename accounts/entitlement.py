"""What a couple may use: by what they pay now, and until when that is certain."""

from datetime import datetime, timedelta

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
    """When premium ends if nothing more is heard; None where there is none.

    A running subscription counts until the end of its period. One whose payment failed counts until
    the end of what was paid. Both get a week of grace.
    """
    payments = Payment.objects.filter(subscription_id=subscription.pk, state=Payment.State.PAID)
    paid: datetime | None = payments.aggregate(until=Max("period_end"))["until"]
    match subscription.status:
        case SubscriptionStatus.ACTIVE | SubscriptionStatus.TRIALING:
            return max(subscription.period_end, paid or subscription.period_end) + GRACE
        case SubscriptionStatus.PAST_DUE if paid:
            return paid + GRACE
    return None


def _live_subscriptions(wedding: Wedding) -> list[Subscription]:
    theirs = Subscription.objects.filter(user__membership__wedding=wedding)
    return list(theirs.exclude(status__in=FINAL).order_by("pk"))
