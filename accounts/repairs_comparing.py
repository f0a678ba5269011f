"""How what Stripe knows better is taken over."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from accounts.billing import READ_SUBSCRIPTION
from accounts.inbox import take_event
from accounts.invariants_comparing import AGREES, HERE
from accounts.models import MissedEvent, Subscription
from accounts.webhooks import read_event
from integrity.invariants import invariants
from integrity.outbox import enqueue
from integrity.repair import Action, Deed, Kind, declare_repair
from integrity.sealed import unseal


def missed_events() -> Iterator[Deed]:
    for each in invariants.get(HERE).violations().order_by("seen_at", "pk"):
        yield Deed(f"accounts.missedevent:{each.pk}", before={"here": False}, after={"here": True})


def take_missed(deed: Deed) -> None:
    missed = MissedEvent.objects.get(pk=_id(deed))
    raw = unseal(bytes(missed.sealed))["body"].encode()
    take_event(raw, read_event(raw))


def otherwise_listed() -> Iterator[Deed]:
    """Those of which we know: of the others, the events have to come first."""
    known = Exists(Subscription.objects.filter(pk=OuterRef("pk"), in_doubt_since=None))
    differing = invariants.get(AGREES).violations().filter(known)
    for each in differing.order_by("seen_at", "pk"):
        yield Deed(
            f"accounts.listedsubscription:{each.pk}",
            before={"asked": False},
            after={"asked": True},
        )


def ask_about(deed: Deed) -> None:
    """How it is now is for Stripe to say, after this transaction."""
    name = _id(deed)
    Subscription.objects.filter(pk=name, in_doubt_since=None).update(in_doubt_since=Now())
    enqueue(READ_SUBSCRIPTION, key=name, payload={"subscription": name})


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
        statement="Asks Stripe how the subscription is now, and takes that over.",
        observe=otherwise_listed,
        perform=ask_about,
        irreversible=True,
    )
)
