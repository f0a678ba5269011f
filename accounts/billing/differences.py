"""Where Stripe's list of subscriptions and ours differ, in either direction.

A difference that only one comparison has found may have been met on its way: see
accounts.models.passes.
"""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.billing.comparing import COMPARED
from accounts.models import FINAL, Comparison, ListedSubscription, Subscription
from accounts.models.passes import began


def listed_otherwise(*, once: bool = False) -> "QuerySet[Any]":
    """Those that Stripe lists and that are otherwise here, or not here at all.

    What was told of it after the comparison is newer. One that is in doubt is being asked about,
    and accounts.no_subscription_is_in_doubt sees to that.

    Args:
        once: also what only the newest comparison has found.
    """
    ours = Subscription.objects.filter(pk=OuterRef("pk"))
    alike = ours.filter(**{name: OuterRef(name) for name in COMPARED})
    newer = Q(event_created_at__gt=OuterRef("seen_at")) | Q(in_doubt_since__isnull=False)
    settled = Exists(alike) | Exists(ours.filter(newer))
    here = Coalesce(Subquery(ours.values("status")), Value("not here"))
    differing = ListedSubscription.objects.filter(~settled)
    if not once:
        differing = differing.filter(differs_since__lt=Subquery(began(Comparison)))
    return differing.annotate(expected=F("status"), actual=here)


def unlisted(*, once: bool = False) -> "QuerySet[Any]":
    """Those that run here, and that Stripe's whole list has not shown since they are here. What is in
    doubt is being asked about.
    """
    known_at = Coalesce("listed_at", "created_at")
    passed = Subquery(began(Comparison, before=0 if once else 1))
    running = Subscription.objects.exclude(status__in=FINAL).filter(in_doubt_since=None)
    there = running.annotate(known_at=known_at).filter(known_at__lt=passed)
    return there.annotate(expected=Value("listed"), actual=F("status"))


def to_be_confirmed() -> int:
    """How many differences only the newest comparison has found."""
    found = (listed_otherwise, unlisted)
    return sum(each(once=True).count() - each().count() for each in found)
