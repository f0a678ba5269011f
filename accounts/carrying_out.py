"""Tell Stripe what somebody asked of their plan, once, whatever becomes of the calls."""

from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from accounts.clients.outcomes import Missing, Rejected
from accounts.clients.payments import CANCELED, Checkout, Payments, payments
from accounts.customers import know_customer
from accounts.errors import AccountError
from accounts.models import Customer, PlanChange, User
from accounts.plan import Kind, Reason, State
from integrity.audit import Actor

PAID = "paid"


class CannotTell(AccountError):
    """Stripe isn't configured any more. Set its keys again, then retry this effect."""


def carry_out(*, change: str, tries: int, by: Actor) -> None:
    """Outside any transaction. A second delivery of what is done does nothing.

    After an answer that was lost, a read decides: is it done? Only where it isn't is it asked again,
    under another key, for Stripe would repeat a stored error to the old one.

    Args:
        change: its uid.
        tries: how many calls before this one may have had an effect.

    Raises:
        CannotTell: another try would end the same.
        VendorError: see accounts.clients.outcomes; try again.
    """
    waiting = PlanChange.objects.select_related("user__profile", "subscription")
    found = waiting.filter(uid=change, state=State.WAITING).first()
    if found is None:
        return
    if (client := payments()) is None:
        raise CannotTell
    try:
        _STEPS[Kind(found.kind)](client, found, tries, by)
    except Rejected as error:
        if error.is_for_everybody:
            raise
        _answer(found, State.FAILED, Reason.ENDED if _has_ended(found, error) else Reason.REFUSED)


def _buy(client: Payments, change: PlanChange, tries: int, by: Actor) -> None:
    customer = _customer(client, change, tries, by)
    # Paid for on a page whose event has not come: what nobody may pay twice.
    if any(each["status"] not in CANCELED for each in client.subscriptions(customer=customer)):
        _answer(change, State.FAILED, Reason.SUBSCRIBED)
        return
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


def _customer(client: Payments, change: PlanChange, tries: int, by: Actor) -> str:
    user = change.user
    known = Customer.objects.filter(user=user, deleted_at=None).order_by("created_at").first()
    if known:
        return known.pk
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


def _has_ended(change: PlanChange, error: Rejected) -> bool:
    return change.kind != Kind.BUY and isinstance(error, Missing)


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
