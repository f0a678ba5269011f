"""A payment that the database would refuse, written while its promises were off: Stripe is asked."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.billing.changes import payment_values
from accounts.billing.customers import CustomerOfAnother, Ownerless, hold_owner, tombstone_of
from accounts.billing.facts import NotUnderstood, invoice_facts
from accounts.billing.webhooks import customer_of, users_of
from accounts.clients.payments import payments
from accounts.errors import AccountError
from accounts.models import Event, Payment
from integrity.audit import Actor
from integrity.flows import flow
from integrity.models import OutboxMessage

READ_PAYMENT = "accounts.read_payment"
# Of Stripe's states of an invoice, those in which it was to be paid.
UNPAID = ("open", "uncollectible", "void")


class NoInvoice(AccountError):
    """Stripe isn't configured, or knows no invoice of this id. If the key is right, nobody has paid
    it: write the row down, and delete it."""


class PaidOnlyHere(AccountError):
    """It is paid here, and not at Stripe. What is paid never becomes unpaid: find out there whether
    the money came."""


class OfNothing(AccountError):
    """Stripe's invoice is of nothing, or only a draft, which is no payment: write the row down, and
    delete it."""


def wrong_payments() -> QuerySet[Payment]:
    """Of nobody, of nothing or in no currency."""
    nobodys = Q(user=None, tombstone=None)
    return Payment.objects.filter(nobodys | Q(amount__lte=0) | Q(currency=""))


def asked_about(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Those that the outbox has to ask about. What was given up is asked about no more."""
    promised = OutboxMessage.objects.filter(effect=READ_PAYMENT, key=OuterRef("pk"))
    return rows.filter(Exists(promised.exclude(state=OutboxMessage.State.DEAD)))


def correct(*, payment: str, by: Actor) -> None:
    """Ask Stripe for the invoice, outside any transaction, and take over what it says.

    Raises:
        AccountError: another try would end the same; see `correct_payment`.
        NoInvoice: there is nobody to ask, or nothing.
        VendorError: see accounts.clients.outcomes; try again.
    """
    if not wrong_payments().filter(pk=payment).exists():
        return
    client = payments()
    found = client.invoice(payment) if client else None
    if found is None:
        raise NoInvoice
    correct_payment(payment=payment, found=found, by=by)


@flow("accounts.correct_payment")
def correct_payment(*, payment: str, found: Mapping[str, Any], by: Actor) -> bool:
    """Write what Stripe says of the invoice, for whom it says. False where nothing is wrong by now.

    When it was told last stays as it was, so that events count as before.

    Raises:
        Ownerless, CustomerOfAnother, UserNotFound: nobody is known whose it is.
        NotUnderstood, PaidOnlyHere, OfNothing: nothing was changed.
    """
    owner = _hold_owner(found)
    row = wrong_payments().filter(pk=payment).first()
    if row is None:
        return False
    said = invoice_facts(found, paid=_is_paid(found), at=row.event_created_at)
    if row.state == Payment.State.PAID and not said.paid:
        raise PaidOnlyHere
    if not said.amount:
        raise OfNothing
    if _is_of_another(row, owner):
        raise CustomerOfAnother
    Payment.objects.filter(pk=payment).update(**payment_values(said), **owner)
    return True


def _is_paid(found: Mapping[str, Any]) -> bool:
    status: object = found.get("status")
    if status == "draft":
        raise OfNothing
    if status not in ("paid", *UNPAID):
        raise NotUnderstood
    return status == "paid"


def _hold_owner(found: Mapping[str, Any]) -> dict[str, Any]:
    """The account, or what is left of it."""
    customer, named = customer_of(found), users_of(found)
    try:
        user, _ = hold_owner(customer, named)
    except Ownerless as error:
        if error.reason != Event.Reason.TOMBSTONED:
            raise
        return {"user": None, "tombstone": tombstone_of(customer, named)}
    return {"user": user, "tombstone": None}


def _is_of_another(row: Payment, owner: dict[str, Any]) -> bool:
    """Who it is of can be said where nobody is; it is never taken from somebody."""
    known = row.user.uid if row.user else row.tombstone_id
    said = owner["user"] or owner["tombstone"]
    return known not in (None, said.uid)
