"""Why an account may not be deleted for now: an operator holds it, or it still owes something."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.errors import AccountError
from accounts.locks import hold_user
from accounts.models import Hold, Kind, Payment, Subscription, SubscriptionStatus, Tombstone, User
from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.transactions import transaction_required

# Both are shown to whoever leaves, and to operators.
HELD = "We have to keep this account for now, for a legal reason."
OWES = "An invoice for this account is still open at Stripe."
# For operators only.
STAYS_HELD = "The account is held: its deletion will be taken back at its last look."
OWING = (SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID)


class NothingToHold(AccountError):
    """This account is past the point where it could be kept, or it is an operator's."""


class NotHeld(AccountError):
    """Nobody holds this account."""


class DayIsOver(AccountError):
    """This day is over."""


def end_of(day: date) -> datetime:
    """When a hold is over whose last day this is, by UTC.

    Raises:
        DayIsOver
    """
    end = datetime.combine(day, time.max, UTC)
    if end <= timezone.now():
        raise DayIsOver
    return end


def hold_on(user: User) -> Hold | None:
    """The one in force; one that is over keeps nothing."""
    return holds_on([user]).first()


def holds_on(users: Iterable[User]) -> QuerySet[Hold]:
    return Hold.objects.filter(Q(until=None) | Q(until__gt=Now()), user__in=users)


@flow("accounts.place_hold")
def place_hold(*, user: User, until: datetime | None, by: Actor) -> None:
    """Keep the account from being deleted, also where that was asked for already. Another hold is
    replaced; the very same is left, and not audited again.

    Args:
        until: when it ends by itself; without it, it has to be lifted.

    Raises:
        NothingToHold, UserNotFound: nothing was changed.
    """
    user = hold_user(user)
    if user.kind != Kind.COUPLE or Tombstone.objects.filter(uid=user.uid).exists():
        raise NothingToHold
    said = {"reason": by.reason, "placed_by": by.id, "until": until}
    if Hold.objects.filter(user=user, **said).exists():
        return
    Hold.objects.filter(user=user).delete()
    Hold.objects.create(user=user, **said)
    detail = {"until": until.isoformat() if until else None}
    audit("accounts.hold_placed", by=by, subject=user, detail=detail)


@flow("accounts.lift_hold")
def lift_hold(*, user: User, by: Actor) -> None:
    """Let the account be deleted again, if that is asked for.

    Raises:
        NotHeld, UserNotFound: nothing was changed.
    """
    user = hold_user(user)
    deleted, _ = holds_on([user]).delete()
    if not deleted:
        raise NotHeld
    audit("accounts.hold_lifted", by=by, subject=user)


@transaction_required
def why_kept(user: User) -> str:
    """Blank where nothing is in the way of a deletion. Call it with the user's lock held, or look
    again: what is written about a hold and about a payment holds that lock as well.

    Nothing is in the way of one that was sealed, and that a backup has brought back: what the backup
    knows is over.
    """
    if Tombstone.objects.filter(uid=user.uid).exists():
        return ""
    if hold_on(user):
        return HELD
    return OWES if _open_invoices(user) else ""


def _open_invoices(user: User) -> bool:
    """Not collected yet, of a subscription for which Stripe still tries. When that has ended, nobody
    collects it any more."""
    runs = Subscription.objects.filter(pk=OuterRef("subscription_id"), status__in=OWING)
    failed = Payment.objects.filter(user=user, state=Payment.State.FAILED)
    return failed.filter(Exists(runs)).exists()
