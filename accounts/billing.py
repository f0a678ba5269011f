"""What an event changes: whose a customer is, their subscription, their payments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Model, Q
from django.db.models.functions import Now

from accounts.billing_facts import (
    InvoiceFacts,
    NotUnderstood,
    SubscriptionFacts,
    invoice_id,
    invoice_in,
    newest_invoice,
    newest_subscription,
    subscription_in,
)
from accounts.errors import AccountError
from accounts.lookup import hold_user
from accounts.models import Customer, Event, Payment, Subscription, Tombstone, User
from accounts.plan import close_checkout
from accounts.webhooks import StripeEvent
from integrity.audit import Actor, subject_of
from integrity.flows import flow
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

APPLY_EVENT = "accounts.apply_event"
READ_SUBSCRIPTION = "accounts.read_subscription"
Reason = Event.Reason


class CustomerOfAnother(AccountError):
    """Stripe's customer belongs to another of our accounts than the event says, or the event names
    several. Ask at Stripe."""


@dataclass(frozen=True)
class Changed:
    """A row that an event changed, and which of its fields."""

    subject: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Applied:
    """What an event changed; or else, why it changed nothing."""

    changes: tuple[Changed, ...] = ()
    reason: str = ""


@transaction_required
def apply_event(event: StripeEvent) -> Applied:
    """Change what the event changes. Any order of the same events ends in the same rows.

    1. The customer is held, so that whoever links it and whoever looks for its owner meet.
    2. The owner is held, before their rows, as everywhere.
    3. The event says how something is; the newest of all sayings stays.

    Raises:
        NotUnderstood: the event lacks what is read from it.
        CustomerOfAnother: it names somebody else than whom the customer is.
        UserNotFound: the account went a moment ago.
    """
    if event.is_of_another_account:
        return Applied(reason=Reason.OTHER_ACCOUNT)
    if event.livemode != settings.STRIPE_LIVEMODE:
        return Applied(reason=Reason.OTHER_MODE)
    if (change := CHANGES.get(event.type)) is None:
        return Applied(reason=Reason.UNHANDLED_TYPE)
    if not event.customer:
        raise NotUnderstood
    _hold(event.customer)
    if _is_tombstoned(event):
        return Applied(reason=Reason.TOMBSTONED)
    linked = Customer.objects.select_related("user").filter(pk=event.customer).first()
    if (owner := _owner(event, linked)) is None:
        return Applied(reason=Reason.NO_OWNER)
    user = hold_user(owner)
    changes = [*([] if linked else _link(event.customer, user)), *change(event, user)]
    return Applied(_by_row(changes)) if changes else Applied(reason=Reason.STALE)


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


def digest(vendor_id: str) -> str:
    """How a tombstone keeps a vendor's id."""
    return sha256(vendor_id.encode()).hexdigest()


def facts_of(row: Subscription | None) -> SubscriptionFacts | None:
    if row is None:
        return None
    return SubscriptionFacts(
        stripe_id=row.stripe_id,
        status=row.status,
        cancel_at_period_end=row.cancel_at_period_end,
        period_end=row.period_end,
        at=row.event_created_at,
        rank=row.event_rank,
        in_doubt=row.in_doubt_since is not None,
    )


@transaction_required
def write_subscription(
    row: Subscription | None, facts: SubscriptionFacts, **owner: Any
) -> list[Changed]:
    """Make the row what the facts say. The caller holds the owner's lock."""
    known = facts_of(row)
    if known == facts:
        return []
    values: dict[str, Any] = {
        "status": facts.status,
        "cancel_at_period_end": facts.cancel_at_period_end,
        "period_end": facts.period_end,
        "event_created_at": facts.at,
        "event_rank": facts.rank,
    }
    if facts.in_doubt != (known is not None and known.in_doubt):
        values["in_doubt_since"] = Now() if facts.in_doubt else None
    if facts.in_doubt:
        # Two of one second: Stripe is asked, after this transaction.
        key = facts.stripe_id
        enqueue(READ_SUBSCRIPTION, key=key, payload={"subscription": key})
    return _write(Subscription, row, facts.stripe_id, values, owner)


def _by_row(changes: Sequence[Changed]) -> tuple[Changed, ...]:
    """One for each row: an event may both make a customer known and say that it is gone."""
    fields: dict[str, tuple[str, ...]] = {}
    for each in changes:
        fields[each.subject] = (*fields.get(each.subject, ()), *each.fields)
    return tuple(Changed(subject, names) for subject, names in fields.items())


def _hold(customer: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"stripe:{customer}"]
        )


def _is_tombstoned(event: StripeEvent) -> bool:
    gone = Q(vendor_ids__contains=[digest(event.customer)]) | Q(uid__in=event.user_uids)
    return Tombstone.objects.filter(gone).exists()


def _owner(event: StripeEvent, linked: Customer | None) -> User | None:
    if len(event.user_uids | ({linked.user.uid} if linked else set())) > 1:
        raise CustomerOfAnother
    if linked:
        return linked.user
    return User.objects.filter(uid__in=event.user_uids).first()


def _link(name: str, user: User) -> list[Changed]:
    """Whose the customer is, from now on. What had waited for that is applied by the relay."""
    customer = Customer.objects.create(stripe_id=name, user=user)
    waiting = Event.objects.filter(
        customer_id=name, state=Event.State.IGNORED, reason=Reason.NO_OWNER
    )
    for event in waiting.order_by("happened_at", "pk").values_list("pk", flat=True):
        enqueue(APPLY_EVENT, key=event, payload={"event": event})
    return [Changed(subject_of(customer), ("user",))]


def _meet(event: StripeEvent, user: User) -> list[Changed]:
    """That the customer is the user's is all that it says."""
    return []


def _close_checkout(event: StripeEvent, user: User) -> list[Changed]:
    """The page for paying is over: paid for, or left too long."""
    closed = close_checkout(str(event.thing.get("id")), paid=event.type.endswith(".completed"))
    return [Changed(subject_of(closed), ("state",))] if closed else []


def _lose_customer(event: StripeEvent, user: User) -> list[Changed]:
    there = Customer.objects.filter(pk=event.customer, deleted_at=None)
    if not there.update(deleted_at=event.happened_at):
        return []
    return [Changed(subject_of(Customer(pk=event.customer)), ("deleted_at",))]


def _subscribe(event: StripeEvent, user: User) -> list[Changed]:
    said = subscription_in(event)
    row = Subscription.objects.filter(pk=said.stripe_id).first()
    if row is not None and row.customer_id != event.customer:
        raise CustomerOfAnother
    newest = newest_subscription(facts_of(row), said)
    return write_subscription(row, newest, user=user, customer_id=event.customer)


def _pay(event: StripeEvent, user: User) -> list[Changed]:
    """An invoice of nothing, as at the start of a trial, is no payment."""
    said, name = invoice_in(event), invoice_id(event)
    row = Payment.objects.filter(pk=name).first()
    if row is not None and row.user_id != user.pk:
        raise CustomerOfAnother
    known = _invoice_facts(row)
    newest = newest_invoice(known, said)
    if newest == known or not newest.amount:
        return []
    values = {
        "state": Payment.State.PAID if newest.paid else Payment.State.FAILED,
        "amount": newest.amount,
        "currency": newest.currency,
        "period_end": newest.period_end,
        "attempts": newest.attempts,
        "subscription_id": newest.subscription_id,
        "event_created_at": newest.at,
    }
    return _write(Payment, row, name, values, {"user": user})


def _invoice_facts(row: Payment | None) -> InvoiceFacts | None:
    if row is None:
        return None
    return InvoiceFacts(
        paid=row.state == Payment.State.PAID,
        at=row.event_created_at,
        attempts=row.attempts,
        amount=row.amount,
        currency=row.currency,
        period_end=row.period_end,
        subscription_id=row.subscription_id,
    )


def _write(
    model: type[Model],
    row: Model | None,
    name: str,
    values: dict[str, Any],
    owner: dict[str, Any],
) -> list[Changed]:
    if row is None:
        row = model._base_manager.create(pk=name, **owner, **values)
        return [Changed(subject_of(row), tuple(sorted(values)))]
    changed = {field: value for field, value in values.items() if getattr(row, field) != value}
    model._base_manager.filter(pk=name).update(**changed)
    return [Changed(subject_of(row), tuple(sorted(changed)))]


CHANGES: dict[str, Callable[[StripeEvent, User], Sequence[Changed]]] = {
    "checkout.session.completed": _close_checkout,
    "checkout.session.expired": _close_checkout,
    "customer.created": _meet,
    "customer.deleted": _lose_customer,
    "customer.subscription.created": _subscribe,
    "customer.subscription.updated": _subscribe,
    "customer.subscription.deleted": _subscribe,
    "customer.subscription.paused": _subscribe,
    "customer.subscription.resumed": _subscribe,
    "invoice.paid": _pay,
    "invoice.payment_failed": _pay,
}
