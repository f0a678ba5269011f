"""Tell Stripe what somebody asked of their plan, once, whatever becomes of the calls."""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from accounts.billing.customers import know_customer
from accounts.billing.plan import Kind, Reason, State
from accounts.clients.outcomes import Rejected
from accounts.clients.payments import CANCELED, Checkout, Payments, payments
from accounts.errors import AccountError
from accounts.models import Customer, PlanChange, Tombstone, User
from integrity.audit import Actor

PAID = "paid"


class CannotTell(AccountError):
    """Stripe isn't configured any more. Set its keys again; this is tried again."""


def carry_out(*, change: str, tries: int, by: Actor) -> None:
    """Outside any transaction. A second delivery of what is done does nothing.

    After an answer that was lost, a read decides: is it done? Only where it isn't is it asked again,
    under another key, for Stripe would repeat a stored error to the old one.

    Nothing is told of an account that is deleted: its deletion ends what it has at Stripe.

    Args:
        change: its uid.
        tries: how many calls before this one may have had an effect.

    Raises:
        CannotTell: later.
        VendorError: see accounts.clients.outcomes; try again.
    """
    gone = Tombstone.objects.filter(uid=OuterRef("user__uid"))
    waiting = PlanChange.objects.select_related("user__profile", "subscription")
    found = waiting.filter(~Exists(gone), uid=change, state=State.WAITING).first()
    if found is None:
        return
    if (client := payments()) is None:
        raise CannotTell
    try:
        _STEPS[Kind(found.kind)](client, found, tries, by)
    except Rejected as error:
        if error.is_for_everybody:
            raise
        _answer(found, State.FAILED, Reason.ENDED if _has_ended(client, found) else Reason.REFUSED)


def _buy(client: Payments, change: PlanChange, tries: int, by: Actor) -> None:
    living = [each for each in _customers_of(change.user) if client.customer(each.pk)]
    # Paid for on a page whose event has not come: what nobody may pay twice.
    if any(_has_subscription(client, each) for each in living):
        _answer(change, State.FAILED, Reason.SUBSCRIBED)
        return
    own = next((each.pk for each in living if each.user_id == change.user_id), "")
    customer = own or _new_customer(client, change, tries, by)
    page = f"{settings.SITE_URL}{reverse('accounts_plan')}"
    checkout = client.start_checkout(
        customer=customer,
        user=str(change.user.uid),
        price=settings.STRIPE_PRICE,
        success_url=f"{page}?back={PAID}",
        cancel_url=page,
        key=_key(change, "checkout", tries),
    )
    _open(change, checkout)


def _customers_of(user: User) -> "QuerySet[Customer]":
    """The user's own and their partner's: the two of them buy once."""
    theirs = Q(user=user) | Q(user__membership__wedding__members__user=user)
    return Customer.objects.filter(theirs, deleted_at=None).distinct().order_by("created_at", "pk")


def _has_subscription(client: Payments, customer: Customer) -> bool:
    known = client.subscriptions(customer=customer.pk)
    return any(each.get("status") not in CANCELED for each in known)


def _new_customer(client: Payments, change: PlanChange, tries: int, by: Actor) -> str:
    user = change.user
    customer = _made_before(client, user) if tries else ""
    customer = customer or client.create_customer(
        email=user.email,
        name=user.profile.name,
        user=str(user.uid),
        key=_key(change, "customer", tries),
    )
    know_customer(customer=customer, user=user, by=by)
    return customer


def _made_before(client: Payments, user: User) -> str:
    """By a call whose answer was lost."""
    named = client.customers(email=user.email)
    return next((each["id"] for each in named if _is_of(user, each)), "")


def _is_of(user: User, customer: dict[str, object]) -> bool:
    metadata = customer.get("metadata")
    return isinstance(metadata, dict) and metadata.get("user_id") == str(user.uid)


def _set_renewal(client: Payments, change: PlanChange, tries: int, by: Actor) -> None:
    name, ends = str(change.subscription_id), change.kind == Kind.CANCEL
    if tries and (found := client.subscription(name)) and found["cancel_at_period_end"] is ends:
        _answer(change, State.DONE)
        return
    client.set_renewal(name, renews=not ends, key=_key(change, "renewal", tries))
    _answer(change, State.DONE)


def _key(change: PlanChange, what: str, tries: int) -> str:
    return f"plan:{change.uid}:{what}:{tries}"


def _has_ended(client: Payments, change: PlanChange) -> bool:
    """Stripe refuses to change what has ended in several ways, and what another account has in the
    same ones. It shows the first, and not the second."""
    shown = client.subscription(str(change.subscription_id)) if change.subscription_id else None
    return shown is not None and shown.get("status") in CANCELED


def _open(change: PlanChange, checkout: Checkout) -> None:
    _waiting(change).update(
        state=State.OPEN, checkout_id=checkout.id, checkout_url=checkout.url, answered_at=Now()
    )


def _answer(change: PlanChange, state: PlanChange.State, reason: str = "") -> None:
    _waiting(change).update(state=state, reason=reason, answered_at=Now())


def _waiting(change: PlanChange) -> QuerySet[PlanChange]:
    """A rival who was faster has said it."""
    return PlanChange.objects.filter(pk=change.pk, state=State.WAITING)


_STEPS: dict[PlanChange.Kind, Callable[[Payments, PlanChange, int, Actor], None]] = {
    Kind.BUY: _buy,
    Kind.CANCEL: _set_renewal,
    Kind.KEEP: _set_renewal,
}
