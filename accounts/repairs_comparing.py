"""How what Stripe knows better is taken over."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts.billing import READ_SUBSCRIPTION
from accounts.inbox import take_event
from accounts.invariants_comparing import AGREES, HERE
from accounts.models import FINAL, Customer, MissedEvent, Subscription, User
from accounts.reading import FETCH_SUBSCRIPTION
from accounts.webhooks import read_event
from integrity.invariants import invariants
from integrity.outbox import enqueue
from integrity.repair import Action, Deed, Kind, Obstacle, declare_repair
from integrity.sealed import unseal


def missed_events() -> Iterator[Deed]:
    for each in invariants.get(HERE).violations().order_by("seen_at", "pk"):
        yield Deed(f"accounts.missedevent:{each.pk}", before={"here": False}, after={"here": True})


def take_missed(deed: Deed) -> None:
    missed = MissedEvent.objects.get(pk=_id(deed))
    raw = unseal(bytes(missed.sealed))["body"].encode()
    take_event(raw, read_event(raw))


def otherwise_listed() -> Iterator[Deed]:
    """Those that can be taken over; `beyond_repair` says what is in the way of the others."""
    for each in _differing():
        if not _reason_against(each):
            yield Deed(
                f"accounts.listedsubscription:{each.pk}",
                before={"asked": False, "here": each.is_here},
                after={"asked": True, "here": True},
            )


def ask_about(deed: Deed) -> None:
    """How it is now is for Stripe to say, after this transaction."""
    name = _id(deed)
    ours = Subscription.objects.filter(pk=name, in_doubt_since=None)
    asks = READ_SUBSCRIPTION if ours.update(in_doubt_since=Now()) else FETCH_SUBSCRIPTION
    enqueue(asks, key=name, payload={"subscription": name})


def beyond_repair() -> Iterator[Obstacle]:
    """What only somebody at Stripe can mend."""
    for each in _differing():
        if reason := _reason_against(each):
            text = f"{each.pk} will stay as it is: {reason}"
            yield Obstacle(text, confirm="leave the others")


def _differing() -> "QuerySet[Any]":
    listed: QuerySet[Any] = invariants.get(AGREES).violations()
    here = Exists(Subscription.objects.filter(pk=OuterRef("pk")))
    differing: QuerySet[Any] = listed.annotate(is_here=here)
    return differing.order_by("seen_at", "pk")


def _reason_against(listed: Any) -> str:
    """Of one that isn't here. Blank where it can be taken over."""
    if listed.is_here:
        return ""
    customer = Customer.objects.filter(pk=listed.customer_id).first()
    named = User.objects.filter(uid=listed.user_uid).first() if listed.user_uid else None
    owner = customer.user if customer else named
    if owner is None:
        return "its account is not here any more. End it at Stripe."
    if named and named != owner:
        return "it names one account, and its customer is another's. Mend its metadata at Stripe."
    live = Subscription.objects.filter(user=owner).exclude(status__in=FINAL)
    if listed.status not in FINAL and live.exists():
        return "its account has another one that runs. End one of the two at Stripe."
    return ""


def _id(deed: Deed) -> str:
    return deed.subject.partition(":")[2]


declare_repair(
    Action(
        "accounts.take_missed_events",
        invariant=HERE,
        kind=Kind.CREATE,
        statement="Takes the event as if it had come, the one that was missed first before others.",
        observe=missed_events,
        perform=take_missed,
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.ask_about_subscriptions",
        invariant=AGREES,
        kind=Kind.EXTERNAL,
        statement="Asks Stripe how the subscription is now, and takes that over; one that is not"
        " here is written, for whom its customer or its metadata names.",
        observe=otherwise_listed,
        perform=ask_about,
        preflight=(beyond_repair,),
        irreversible=True,
    )
)
