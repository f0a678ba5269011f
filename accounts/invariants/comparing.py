"""What Stripe's own lists must not know better than we do, nor we better than they."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.utils import timezone

from accounts.billing.differences import listed_otherwise, unlisted
from accounts.models import Comparison, Event, ListedSubscription, MissedEvent, Subscription
from integrity.invariants import Severity, declare
from integrity.invariants.declare import OfModel
from integrity.invariants.references import Inconclusive

HERE = "accounts.every_event_of_stripe_is_here"
AGREES = "accounts.every_subscription_is_as_at_stripe"
LISTED = "accounts.every_subscription_is_at_stripe"
OVERDUE = timedelta(hours=26)


@dataclass(frozen=True, eq=False, kw_only=True)
class ListedByStripe(OfModel):
    """Rows that a comparison with Stripe's lists has noted. Its table of reference is at Stripe:
    unless both lists were read to their end within a day, nobody can tell."""

    def references(self) -> list[type[Model]]:
        if settings.STRIPE_API_KEY:
            _refuse_unread()
        return super().references()


class EventsAreHere(ListedByStripe):
    def violations(self) -> QuerySet[MissedEvent]:
        here = Exists(Event.objects.filter(pk=OuterRef("pk")))
        return MissedEvent.objects.filter(~here).annotate(actual=F("type"))


class SubscriptionsAgree(ListedByStripe):
    def violations(self) -> QuerySet[ListedSubscription]:
        return listed_otherwise()


class SubscriptionsAreListed(ListedByStripe):
    def violations(self) -> QuerySet[Subscription]:
        return unlisted()


def _refuse_unread() -> None:
    newest = Comparison.objects.order_by("-pk").first()
    finished = Comparison.objects.filter(finished_at__gt=timezone.now() - OVERDUE)
    if not finished.exists():
        raise Inconclusive("Stripe's lists have not been read to their end for a day")
    if newest and newest.finished_at is None:
        raise Inconclusive("the newest comparison with Stripe's lists is not finished")


declare(
    EventsAreHere(
        HERE,
        statement="Every event that Stripe lists has come, within a quarter of an hour.",
        severity=Severity.ERROR,
        model="accounts.MissedEvent",
        live=True,
    )
)
declare(
    SubscriptionsAgree(
        AGREES,
        statement="A subscription here is as Stripe lists it.",
        severity=Severity.ERROR,
        model="accounts.ListedSubscription",
        live=True,
    )
)
declare(
    SubscriptionsAreListed(
        LISTED,
        statement="A subscription that runs here is in Stripe's own list.",
        severity=Severity.ERROR,
        model="accounts.Subscription",
        live=True,
    )
)
