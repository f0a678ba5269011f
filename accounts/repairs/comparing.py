"""How what Stripe knows better is taken over."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts.billing.changes import READ_SUBSCRIPTION
from accounts.billing.correcting import READ_PAYMENT, asked_about, wrong_payments
from accounts.billing.inbox import take_event
from accounts.billing.reading import FETCH_SUBSCRIPTION
from accounts.billing.webhooks import read_event
from accounts.invariants.comparing import AGREES, HERE, LISTED
from accounts.models import FINAL, Customer, MissedEvent, Subscription, User
from integrity.invariants import invariants
from integrity.models import OutboxMessage
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


def not_listed() -> Iterator[Deed]:
    for each in invariants.get(LISTED).violations().order_by("created_at", "pk"):
        yield Deed(
            f"accounts.subscription:{each.pk}", before={"asked": False}, after={"asked": True}
        )


def none_is_listed() -> Iterator[Obstacle]:
    """Then it is more likely the key than each of them."""
    running = Subscription.objects.exclude(status__in=FINAL)
    missing = [each.pk for each in invariants.get(LISTED).violations()]
    if missing and not running.exclude(pk__in=missing).exists():
        yield Obstacle(
            "Stripe lists none of the subscriptions that run here: STRIPE_API_KEY may be of another"
            " account, or of the other mode. Compare it first. One whose customer Stripe doesn't know"
            " either stays as it is.",
            confirm="the key is right",
        )


def beyond_repair() -> Iterator[Obstacle]:
    """What only somebody at Stripe can mend."""
    for each in _differing():
        if reason := _reason_against(each):
            text = f"{each.pk} will stay as it is: {reason}"
            yield Obstacle(text, confirm="leave the others")


def payments_to_correct() -> Iterator[Deed]:
    wrong = wrong_payments()
    unasked = wrong.exclude(pk__in=list(asked_about(wrong).values_list("pk", flat=True)))
    for each in unasked.order_by("created_at", "pk"):
        yield Deed(f"accounts.payment:{each.pk}", before={"asked": False}, after={"asked": True})


def ask_about_payment(deed: Deed) -> None:
    name = _id(deed)
    enqueue(READ_PAYMENT, key=name, payload={"payment": name})


def nobody_to_ask() -> Iterator[Obstacle]:
    """Why asking did not help, where it was tried, is kept with the promise that was given up."""
    if not settings.STRIPE_API_KEY:
        text = (
            "Stripe isn't configured here, so that nobody can be asked. Set STRIPE_API_KEY first."
        )
        yield Obstacle(text, confirm="ask in vain")
    wrong = wrong_payments().values("pk")
    dead = OutboxMessage.objects.filter(effect=READ_PAYMENT, state=OutboxMessage.State.DEAD)
    for each in dead.filter(key__in=wrong).order_by("dead_at", "pk"):
        yield Obstacle(f"{each.key} stayed as it is: {each.last_error}", confirm="ask again")


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
declare_repair(
    Action(
        "accounts.ask_about_unlisted",
        invariant=LISTED,
        kind=Kind.EXTERNAL,
        statement="Asks Stripe for the subscription, and takes over how it is; one that Stripe"
        " doesn't know, although it knows the customer, is ended here.",
        observe=not_listed,
        perform=ask_about,
        preflight=(none_is_listed,),
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.ask_about_payments",
        invariant="accounts.every_payment_is_of_somebody",
        kind=Kind.EXTERNAL,
        statement="Asks Stripe for the invoice, and takes over what was paid, in which currency and"
        " by whom; of an account that is gone, for its tombstone.",
        observe=payments_to_correct,
        perform=ask_about_payment,
        preflight=(nobody_to_ask,),
        irreversible=True,
    )
)
