"""What an event changes: its customer, their subscription, their payments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.db.models.functions import Now

from accounts.billing.customers import Changed, CustomerOfAnother, Ownerless, hold_owner
from accounts.billing.facts import (
    InvoiceFacts,
    NotUnderstood,
    SubscriptionFacts,
    id_in,
    invoice_in,
    newest_invoice,
    newest_subscription,
    subscription_in,
)
from accounts.billing.plan import close_checkout
from accounts.billing.webhooks import StripeEvent
from accounts.models import Customer, Event, Payment, Subscription, User
from integrity.audit import subject_of
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

READ_SUBSCRIPTION = "accounts.read_subscription"
Reason = Event.Reason


@dataclass(frozen=True)
class Applied:
    """What an event changed; or else, why it changed nothing."""

    changes: tuple[Changed, ...] = ()
    reason: str = ""


@transaction_required
def apply_event(event: StripeEvent) -> Applied:
    """Change what the event changes. Any order of the same events ends in the same rows: each says
    how something is, and the newest of all sayings stays.

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
    try:
        user, linked = hold_owner(event.customer, event.user_uids)
    except Ownerless as error:
        return Applied(reason=error.reason)
    changes = [*linked, *change(event, user)]
    return Applied(_by_row(changes)) if changes else Applied(reason=Reason.STALE)


def facts_of(row: Subscription | None) -> SubscriptionFacts | None:
    if row is None:
        return None
    return SubscriptionFacts(
        stripe_id=row.stripe_id,
        status=row.status,
        cancel_at_period_end=row.cancel_at_period_end,
        period_end=row.period_end,
        prices=tuple(row.prices),
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
        "prices": list(facts.prices),
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


def payment_values(facts: InvoiceFacts) -> dict[str, Any]:
    return {
        "state": Payment.State.PAID if facts.paid else Payment.State.FAILED,
        "amount": facts.amount,
        "currency": facts.currency,
        "period_end": facts.period_end,
        "attempts": facts.attempts,
        "subscription_id": facts.subscription_id,
        "event_created_at": facts.at,
    }


def _by_row(changes: Sequence[Changed]) -> tuple[Changed, ...]:
    """One for each row: an event may both make a customer known and say that it is gone."""
    fields: dict[str, tuple[str, ...]] = {}
    for each in changes:
        fields[each.subject] = (*fields.get(each.subject, ()), *each.fields)
    return tuple(Changed(subject, names) for subject, names in fields.items())


def _meet(event: StripeEvent, user: User) -> list[Changed]:
    """That the customer is the user's is all that it says."""
    return []


def _close_checkout(event: StripeEvent, user: User) -> list[Changed]:
    """The page for paying is over: paid for, or left too long."""
    closed = close_checkout(id_in(event), paid=event.type.endswith(".completed"))
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
    said, name = invoice_in(event), id_in(event)
    row = Payment.objects.filter(pk=name).first()
    if row is not None and row.user_id != user.pk:
        raise CustomerOfAnother
    known = _invoice_facts(row)
    newest = newest_invoice(known, said)
    if newest == known or not newest.amount:
        return []
    return _write(Payment, row, name, payment_values(newest), {"user": user})


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
