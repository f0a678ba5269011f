"""Compare what Stripe lists with what we have: what never came would otherwise never be missed.

What differs is stored, page by page; invariants read it. A reading that stops half-way goes on where
it stopped, and proves nothing until it is finished.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.billing.changes import CHANGES
from accounts.billing.facts import READ, NotUnderstood, subscription_facts
from accounts.billing.webhooks import TOLERANCE, customer_of, users_of
from accounts.clients.answers import text_in, understood
from accounts.clients.payments import PAGE, Payments, payments
from accounts.clients.waiting import in_pages
from accounts.errors import AccountError
from accounts.models import (
    Comparison,
    Customer,
    Event,
    ListedSubscription,
    MissedEvent,
    Subscription,
    User,
)
from accounts.models.passes import unfinished
from integrity.audit import Actor
from integrity.flows import flow
from integrity.retention import Expiring, expiring
from integrity.sealed import seal
from integrity.transactions import transaction_required

List = Comparison.List
Json = dict[str, Any]
# Stripe sends an event again for three days; what is younger than this may still be on its way.
DAYS, ON_ITS_WAY = 4, timedelta(minutes=15)
# What of a subscription has to be the same here.
COMPARED = ("status", "cancel_at_period_end", "period_end", "prices")
SAID = (*COMPARED, "customer_id", "user_uid", "seen_at")
# Between two pages: far below the 25 calls a second that Stripe grants an endpoint of a sandbox.
PAUSE = 0.1


class NothingToCompare(AccountError):
    """Stripe isn't configured, so there is nothing to compare with. Set STRIPE_API_KEY first."""


class NotComparable(AccountError):
    """Stripe lists a subscription of ours in a shape that isn't known here, and nothing is proven
    before it is. Compare the API versions, then tell a developer which one it is:"""

    def __init__(self, subscription: str) -> None:
        super().__init__(f"{' '.join((self.__doc__ or '').split())} {subscription}.")


class Overtaken(AccountError):
    """Another comparison has gone on from here. It has noted what was read."""


def compare_with_stripe(*, by: Actor, days: int = DAYS) -> Comparison:
    """Read both lists to their end, outside any transaction, going on where another stopped.

    Args:
        days: of events, at least; one that goes on may look further back.

    Raises:
        NothingToCompare, NotComparable, Overtaken: see there.
        VendorError: it stays unfinished; call again later, and it goes on.
    """
    if (client := payments()) is None:
        raise NothingToCompare
    since = timezone.now() - timedelta(days=days)
    comparison = _unfinished(since) or Comparison.objects.create(since=since)
    for page in in_pages(_events(client, comparison), PAGE, pause=PAUSE):
        with understood("stripe events.list"):
            _take_apart(page)
        note_events(comparison=comparison, listed=page, by=by)
        # Not in the flow, which may run again as a whole.
        comparison.after = page[-1]["id"]
    if comparison.reading == List.EVENTS:
        _go_on(comparison, reading=List.SUBSCRIPTIONS, after="")
        comparison.reading, comparison.after = List.SUBSCRIPTIONS, ""
    seen_at = _certainly_before()
    listed = client.subscriptions(after=comparison.after)
    for page in in_pages(listed, PAGE, pause=PAUSE):
        note_subscriptions(comparison=comparison, listed=page, seen_at=seen_at, by=by)
        comparison.after, seen_at = page[-1]["id"], _certainly_before()
    _forget_what_is_not_listed(comparison)
    Comparison.objects.filter(pk=comparison.pk).update(finished_at=Now())
    comparison.refresh_from_db()
    return comparison


@flow("accounts.note_events")
def note_events(*, comparison: Comparison, listed: list[Json], by: Actor) -> None:
    """Keep those of a page that have not come; go on after it.

    Raises:
        Overtaken: nothing was noted now.
    """
    old = [each for each in listed if _happened_at(each) < timezone.now() - ON_ITS_WAY]
    here = set(
        Event.objects.filter(pk__in=[each["id"] for each in old]).values_list("pk", flat=True)
    )
    MissedEvent.objects.bulk_create(
        (
            MissedEvent(
                stripe_id=each["id"],
                type=each["type"],
                sealed=seal({"body": json.dumps(each)}),
            )
            for each in old
            if each["id"] not in here
        ),
        ignore_conflicts=True,
    )
    _go_on(comparison, after=listed[-1]["id"], more=len(listed))


@flow("accounts.note_subscriptions")
def note_subscriptions(
    *, comparison: Comparison, listed: list[Json], seen_at: datetime, by: Actor
) -> None:
    """Keep how those of a page are at Stripe that are otherwise here, and that they are there at
    all; forget those that agree, and those that are nobody's any more.

    Args:
        seen_at: when the page was asked for, or earlier.

    Raises:
        NotComparable, Overtaken: nothing was noted now.
    """
    names = [each["id"] for each in listed]
    Subscription.objects.filter(pk__in=names).update(listed_at=Now())
    ours = [_listed(*each, seen_at) for each in _of_ours(listed)]
    differing = [each for each in ours if not _agrees(each)]
    alike = ListedSubscription.objects.filter(pk__in=names)
    alike.exclude(pk__in=[each.pk for each in differing]).delete()
    # Since when it differs stays as it was.
    ListedSubscription.objects.bulk_create(
        differing, update_conflicts=True, unique_fields=["stripe_id"], update_fields=SAID
    )
    _go_on(comparison, after=listed[-1]["id"], more=len(listed))


def _unfinished(since: datetime) -> Comparison | None:
    """The newest, if it looks back as far as this."""
    newest = unfinished(Comparison)
    return newest if newest and newest.since <= since else None


def _certainly_before() -> datetime:
    """By Stripe's clock, which counts seconds and may be behind ours."""
    return timezone.now() - timedelta(seconds=TOLERANCE)


def _forget_what_is_not_listed(comparison: Comparison) -> None:
    """Any more, by a list that was read to its end: of another account, or of test data wiped."""
    begun = Comparison.objects.values_list("started_at", flat=True).get(pk=comparison.pk)
    before = begun - timedelta(seconds=TOLERANCE)
    ListedSubscription.objects.filter(seen_at__lt=before).delete()


def _take_apart(events: list[Json]) -> None:
    """Raises whatever comes of an object that is none of Stripe's events."""
    for each in events:
        for name in ("id", "type"):
            text_in(each, name)
        _happened_at(each)


def _events(client: Payments, comparison: Comparison) -> Iterator[Json]:
    if comparison.reading != List.EVENTS:
        return iter(())
    since = int(comparison.since.timestamp())
    return client.events(since=since, types=list(CHANGES), after=comparison.after)


def _go_on(comparison: Comparison, *, more: int = 0, **where: str) -> None:
    """From where it stood; a rival that has gone on from there has done this page."""
    still = Comparison.objects.filter(
        pk=comparison.pk, reading=comparison.reading, after=comparison.after, finished_at=None
    )
    if not still.update(read=F("read") + more, **where):
        raise Overtaken


@transaction_required
def _of_ours(listed: list[Json]) -> Iterator[tuple[Json, UUID | None]]:
    """Whose customer we know, or whom they name; the others are not ours to judge."""
    customers = Customer.objects.filter(pk__in=[customer_of(each) for each in listed])
    known = set(customers.values_list("pk", flat=True))
    named = frozenset[UUID]().union(*(users_of(each) for each in listed))
    users = set(User.objects.filter(uid__in=named).values_list("uid", flat=True))
    for each in listed:
        named_here = users & users_of(each)
        if customer_of(each) in known or named_here:
            yield each, next(iter(named_here), None)


@transaction_required
def _agrees(listed: ListedSubscription) -> bool:
    alike = {name: getattr(listed, name) for name in COMPARED}
    return Subscription.objects.filter(pk=listed.pk, **alike).exists()


def _listed(each: Json, named: UUID | None, seen_at: datetime) -> ListedSubscription:
    try:
        said = subscription_facts(each, at=seen_at, rank=READ)
    except NotUnderstood:
        raise NotComparable(each["id"]) from None
    return ListedSubscription(
        stripe_id=said.stripe_id,
        status=said.status,
        cancel_at_period_end=said.cancel_at_period_end,
        period_end=said.period_end,
        prices=list(said.prices),
        customer_id=customer_of(each),
        user_uid=named,
        seen_at=seen_at,
    )


def _happened_at(event: Json) -> datetime:
    return datetime.fromtimestamp(event["created"], UTC)


expiring.append(
    Expiring("comparisons with Stripe", lambda cut: Comparison.objects.filter(started_at__lt=cut))
)
expiring.append(
    Expiring("events that were missed", lambda cut: MissedEvent.objects.filter(seen_at__lt=cut))
)
