"""What is true of a couple's plan now: what they have, what they use, and what is on its way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.billing.entitlement import Plan, entitled_until, is_of_premium, plan_of
from accounts.billing.plan import PAYABLE, PENDING, is_for_sale, subscriptions_of
from accounts.billing.usage import LIMITS, Used, used
from accounts.models import (
    Metric,
    Payment,
    PlanChange,
    Subscription,
    SubscriptionStatus,
    User,
    Wedding,
)

Kind, State = PlanChange.Kind, PlanChange.State
PAYMENTS_SHOWN = 24
# So long what was not done is news.
NEWS = timedelta(days=7)
RUNNING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)
TROUBLE = (SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID, SubscriptionStatus.INCOMPLETE)


@dataclass(frozen=True)
class PlanFacts:
    """All of it is read from our own database; Stripe's events have brought it there.

    Attributes:
        subscription: of either partner, their own before the other's; None without one.
        change: the newest that this person has asked for.
        stage: what is on its way: `preparing` (the page for paying), `payable`, `paying` (paid,
            says the visitor or Stripe, and the subscription isn't here yet), `partner` (who may
            still pay), `telling` (of the renewal), `confirming` (Stripe has it), or nothing.
    """

    plan: Plan
    is_for_sale: bool
    subscription: Subscription | None
    is_mine: bool
    until: datetime | None
    change: PlanChange | None
    stage: str
    used: dict[str, Used]
    payments: list[Payment]

    @property
    def is_premium(self) -> bool:
        return self.plan == Plan.PREMIUM

    @property
    def is_of_something_else(self) -> bool:
        """What is paid for gives no premium."""
        return self.subscription is not None and not is_of_premium(self.subscription)

    @property
    def price(self) -> str:
        """The id of what is paid, or else of what is for sale; blank where that isn't one price."""
        if self.subscription is None:
            return settings.STRIPE_PRICE if self.is_for_sale else ""
        paid = self.subscription.prices
        return paid[0] if len(paid) == 1 else ""

    @property
    def is_on_its_way(self) -> bool:
        """Whether the next look may show something else, though nobody has done anything."""
        return self.stage in ("preparing", "paying", "telling", "confirming")

    @property
    def may_be_cancelled(self) -> bool:
        """Before its first payment Stripe takes no change of one; it lapses by itself."""
        if self.subscription is None or self.stage or not self.is_mine:
            return False
        begun = self.subscription.status != SubscriptionStatus.INCOMPLETE
        return begun and not self.subscription.cancel_at_period_end

    @property
    def is_running(self) -> bool:
        return self.subscription is not None and self.subscription.status in RUNNING

    @property
    def payable_until(self) -> datetime | None:
        answered = self.change.answered_at if self.change else None
        return answered and answered + PAYABLE

    @property
    def premium_has(self) -> dict[str, int]:
        """So much a month of what is counted."""
        return {metric.label: limits[Plan.PREMIUM] for metric, limits in LIMITS.items()}

    @property
    def in_trouble(self) -> bool:
        return self.subscription is not None and self.subscription.status in TROUBLE

    @property
    def failure(self) -> str:
        """Why the last thing asked was not done, while that is news."""
        change = self.change
        if change is None or change.answered_at is None or change.state != State.FAILED:
            return ""
        bought_since = change.kind == Kind.BUY and self.subscription is not None
        is_old = change.answered_at < timezone.now() - NEWS
        return "" if bought_since or is_old else change.reason


def plan_facts(user: User, *, came_back: bool = False) -> PlanFacts:
    """Of somebody who plans a wedding.

    Args:
        came_back: from Stripe's page, which says that it was paid for. Nothing is granted by that.
    """
    wedding = user.membership.wedding
    subscription = _subscription(wedding, user)
    change = PlanChange.objects.filter(user=user).order_by("-pk").first()
    if _is_over(change):
        change = None
    return PlanFacts(
        plan=plan_of(wedding),
        is_for_sale=is_for_sale(),
        subscription=subscription,
        is_mine=subscription is not None and subscription.user_id == user.pk,
        until=entitled_until(subscription) if subscription else None,
        change=change,
        stage=_stage(change, subscription, came_back=came_back)
        or ("" if subscription else _stage_of_partner(wedding, user)),
        used={metric.label: used(wedding=wedding, metric=metric) for metric in Metric},
        payments=_payments(user),
    )


def _subscription(wedding: Wedding, user: User) -> Subscription | None:
    theirs = list(subscriptions_of(wedding))
    own = (each for each in theirs if each.user_id == user.pk)
    return next(own, theirs[0] if theirs else None)


def _stage_of_partner(wedding: Wedding, user: User) -> str:
    bought = PlanChange.objects.filter(user__membership__wedding=wedding, kind=Kind.BUY)
    pending = bought.filter(state__in=PENDING).exclude(user=user)
    return "partner" if any(not _is_over(each) for each in pending) else ""


def _payments(user: User) -> list[Payment]:
    return list(Payment.objects.filter(user=user).order_by("-event_created_at")[:PAYMENTS_SHOWN])


def _is_over(change: PlanChange | None) -> bool:
    """A page on which nobody can pay any more, of which Stripe has not told yet."""
    answered = change.answered_at if change and change.state == State.OPEN else None
    return answered is not None and answered < timezone.now() - PAYABLE


def _stage(change: PlanChange | None, now: Subscription | None, *, came_back: bool) -> str:
    if change is None or change.state == State.FAILED:
        return ""
    if change.kind == Kind.BUY:
        return "" if now else _stage_of_buying(change, came_back=came_back)
    if change.state in PENDING:
        return "telling"
    return "confirming" if now and _is_unconfirmed(change, now) else ""


def _stage_of_buying(change: PlanChange, *, came_back: bool) -> str:
    if change.state == State.WAITING:
        return "preparing"
    if change.state == State.OPEN:
        return "paying" if came_back else "payable"
    told = Subscription.objects.filter(user=change.user_id, created_at__gte=change.created_at)
    return "" if told.exists() else "paying"


def _is_unconfirmed(change: PlanChange, now: Subscription) -> bool:
    """Nothing newer than the change has been told, and what was told before is otherwise."""
    otherwise = now.cancel_at_period_end is not (change.kind == Kind.CANCEL)
    return otherwise and bool(change.answered_at and now.event_created_at <= change.answered_at)
