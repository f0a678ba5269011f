"""Whose a customer of Stripe's is: linked once, held while anything of theirs is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.clients.payments import Payments
from accounts.errors import AccountError
from accounts.locks import hold_user
from accounts.models import Customer, Event, Tombstone, User
from accounts.models.deletion import digest
from integrity.audit import Actor, subject_of
from integrity.flows import flow
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

APPLY_EVENT = "accounts.apply_event"
Reason = Event.Reason


class CustomerOfAnother(AccountError):
    """Stripe's customer belongs to another of our accounts than the event says, or the event names
    several. Ask at Stripe."""


class Ownerless(AccountError):
    """Nobody here is Stripe's customer."""

    def __init__(self, reason: Event.Reason) -> None:
        super().__init__(f"Nothing was taken over: {reason.label}.")
        self.reason = reason


@dataclass(frozen=True)
class Changed:
    """A row that an event changed, and which of its fields."""

    subject: str
    fields: tuple[str, ...]


@transaction_required
def hold_owner(customer: str, uids: frozenset[UUID]) -> tuple[User, list[Changed]]:
    """Whose the customer is, who is linked with it if that was not known.

    1. The customer is held, so that whoever links it and whoever looks for its owner meet.
    2. The owner is held, before their rows, as everywhere.

    Args:
        uids: whom Stripe's object names.

    Raises:
        Ownerless, CustomerOfAnother, UserNotFound: see there.
    """
    _hold(customer)
    if tombstone_of(customer, uids):
        raise Ownerless(Reason.TOMBSTONED)
    linked = Customer.objects.select_related("user").filter(pk=customer).first()
    if (owner := _owner(uids, linked)) is None:
        raise Ownerless(Reason.NO_OWNER)
    user = hold_user(owner)
    return user, [] if linked else _link(customer, user)


@flow("accounts.know_customer")
def know_customer(*, customer: str, user: User, by: Actor) -> None:
    """Whose a customer is that we have made ourselves; its event may come before or after.

    Raises:
        CustomerOfAnother: it was told otherwise before.
        UserNotFound: the account went a moment ago.
    """
    _hold(customer)
    user = hold_user(user)
    known = Customer.objects.filter(pk=customer).first()
    if known is None:
        _link(customer, user)
    elif known.user_id != user.pk:
        raise CustomerOfAnother


def tombstone_of(customer: str, uids: frozenset[UUID]) -> Tombstone | None:
    """Of the account that was the customer's, or that is named."""
    gone = Q(vendor_ids__contains=[digest(customer)]) | Q(uid__in=uids)
    return Tombstone.objects.filter(gone).first()


def customers_of(client: Payments, user: User) -> Iterator[str]:
    """Those that we know, and one that a lost answer may have left behind."""
    yield from Customer.objects.filter(user=user, deleted_at=None).values_list("pk", flat=True)
    for found in client.customers(email=user.email):
        if (found.get("metadata") or {}).get("user_id") == str(user.uid):
            yield found["id"]


def _hold(customer: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"stripe:{customer}"]
        )


def _owner(uids: frozenset[UUID], linked: Customer | None) -> User | None:
    if len(uids | ({linked.user.uid} if linked else set())) > 1:
        raise CustomerOfAnother
    return linked.user if linked else User.objects.filter(uid__in=uids).first()


def _link(name: str, user: User) -> list[Changed]:
    """Whose the customer is, from now on. What had waited for that is applied by the relay."""
    customer = Customer.objects.create(stripe_id=name, user=user)
    waiting = Event.objects.filter(
        customer_id=name, state=Event.State.IGNORED, reason=Reason.NO_OWNER
    )
    for event in waiting.order_by("happened_at", "pk").values_list("pk", flat=True):
        enqueue(APPLY_EVENT, key=event, payload={"event": event})
    return [Changed(subject_of(customer), ("user",))]
