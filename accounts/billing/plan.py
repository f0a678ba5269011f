"""What a couple may ask of their plan. Asking writes an intent; the outbox tells Stripe of it.

The call itself isn't made while the visitor waits: it is promised in the same transaction, so a
crash loses none, a lost answer is probed by whoever delivers, and no web process hangs on Stripe.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.errors import AccountError
from accounts.locks import lock_user
from accounts.models import FINAL, PlanChange, Subscription, User, Wedding
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

CARRY_OUT = "accounts.carry_out_plan_change"
# As long as a page for paying lives. Source: Stripe API reference, checkout session, `expires_at`.
PAYABLE = timedelta(hours=24)
Kind, State, Reason = PlanChange.Kind, PlanChange.State, PlanChange.Reason
PENDING = (State.WAITING, State.OPEN)


class NotForSale(AccountError):
    """There is nothing to buy on this site. Everything in the free plan is yours."""


class OnlyForCouples(AccountError):
    """Only couples have a plan, and this account plans no wedding."""


class AlreadyPremium(AccountError):
    """One of you pays already. There is nothing to pay twice."""


class OneAtATime(AccountError):
    """What was asked before isn't finished yet. Wait until it is; nothing is lost."""


class PartnerIsBuying(OneAtATime):
    """Your partner has asked for premium already, for the two of you, and may still pay for it. If
    they don't, their page for paying is over a day after they asked; then you can."""


class NoSubscription(AccountError):
    """There is no subscription of yours to change."""


@flow("accounts.buy_premium")
def buy_premium(*, user: User, by: Actor, operation: str = "") -> PlanChange:
    """Ask Stripe for a page on which to pay. The wedding is held: two partners buy once.

    Raises:
        NotForSale, OnlyForCouples, AlreadyPremium, OneAtATime, PartnerIsBuying: nothing was asked.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}")
    if not is_for_sale():
        raise NotForSale
    user = lock_user(user)
    wedding = _hold_wedding(user)
    if subscriptions_of(wedding).exists():
        raise AlreadyPremium
    theirs = PlanChange.objects.filter(user__membership__wedding=wedding)
    _give_up_unpaid(theirs)
    pending = theirs.filter(kind=Kind.BUY, state__in=PENDING).values_list("user_id", flat=True)
    if pending:
        raise OneAtATime if user.pk in pending else PartnerIsBuying
    return _ask(user, Kind.BUY, by=by)


@flow("accounts.change_renewal")
def change_renewal(*, user: User, renews: bool, by: Actor, operation: str = "") -> PlanChange:
    """Let the subscription end with what is paid for, or take that back.

    Raises:
        NoSubscription, OneAtATime: nothing was asked.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}")
    user = lock_user(user)
    live = Subscription.objects.filter(user=user).exclude(status__in=FINAL).first()
    if live is None:
        raise NoSubscription
    _close_page(user)
    if PlanChange.objects.filter(user=user, state__in=PENDING).exists():
        raise OneAtATime
    return _ask(user, Kind.KEEP if renews else Kind.CANCEL, by=by, subscription=live)


def is_for_sale() -> bool:
    return bool(settings.STRIPE_API_KEY and settings.STRIPE_PRICE)


def subscriptions_of(wedding: Wedding) -> QuerySet[Subscription]:
    """Those of its members that have not ended."""
    theirs = Subscription.objects.filter(user__membership__wedding=wedding)
    return theirs.exclude(status__in=FINAL).order_by("pk")


@transaction_required
def close_checkout(session: str, *, paid: bool) -> PlanChange | None:
    """What an event says about a page for paying. None where it was closed before, or isn't ours."""
    found = PlanChange.objects.filter(checkout_id=session, state=State.OPEN).first()
    if found is None:
        return None
    state, reason = (State.DONE, "") if paid else (State.FAILED, Reason.EXPIRED)
    still = PlanChange.objects.filter(pk=found.pk, state=State.OPEN)
    return found if still.update(state=state, reason=reason, checkout_url="") else None


@transaction_required
def _hold_wedding(user: User) -> Wedding:
    wedding = Wedding.objects.select_for_update(no_key=True, of=("self",))
    try:
        return wedding.get(members__user=user)
    except Wedding.DoesNotExist:
        raise OnlyForCouples from None


@transaction_required
def _give_up_unpaid(theirs: QuerySet[PlanChange]) -> None:
    """Nobody can pay on these pages any more, whether or not Stripe has said so."""
    old = theirs.filter(state=State.OPEN, answered_at__lt=Now() - PAYABLE)
    for key in old.values_list("pk", flat=True):
        PlanChange.objects.filter(pk=key, state=State.OPEN).update(
            state=State.FAILED, reason=Reason.EXPIRED, checkout_url=""
        )


@transaction_required
def _close_page(user: User) -> None:
    """Of somebody who has what is sold on it: the event that says so may never come."""
    PlanChange.objects.filter(user=user, state=State.OPEN).update(
        state=State.FAILED, reason=Reason.SUBSCRIBED, checkout_url=""
    )


@transaction_required
def _ask(
    user: User, kind: PlanChange.Kind, *, by: Actor, subscription: Subscription | None = None
) -> PlanChange:
    change = PlanChange.objects.create(user=user, kind=kind, subscription=subscription)
    enqueue(CARRY_OUT, key=str(change.uid), payload={"change": str(change.uid)})
    audit("accounts.plan_change_asked", by=by, subject=change, detail={"kind": kind.value})
    return change
