"""An account is to be deleted, or is to stay after all.

Asking writes an intent and starts a saga (accounts.sagas), which carries it through every vendor and
through our own tables. From that moment nothing of the account changes, except that it may stay.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models.functions import Now
from django.utils import timezone

from accounts.addresses.change import call_off_change
from accounts.errors import AccountError
from accounts.locks import hold_user, lock_user
from accounts.mail import enqueue_mail, link
from accounts.models import Kind, Member, User
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.models import Saga, SagaStep
from integrity.saga.lawful import Refused
from integrity.saga.start import PastTheEnd, cancel, find_active, start
from integrity.transactions import transaction_required

KIND = "accounts.delete_account"
# As long as somebody may think better of it, unless they say that it is to be done at once.
GRACE_DAYS = 14
SALT = "accounts.leaving"


class OnlyCouplesLeave(AccountError):
    """This is an operator's account. Take its groups away, and it may do nothing any more."""


class NotPutBackYet(AccountError):
    """The last deletion of this account was called off, and is still being taken back. Try again in
    a few minutes."""


class NotToBeDeleted(AccountError):
    """This account isn't to be deleted. It stays anyway."""


class TooLate(AccountError):
    """This account can't be kept any more: its deletion is past the point of no return."""


class IsLookedAt(AccountError):
    """Something is wrong with this deletion, and a person is looking at it. Nothing is deleted
    meanwhile. Write to us, and we stop it."""


@dataclass(frozen=True)
class Wish:
    """How somebody leaves.

    Args:
        ends_wedding: for the partner as well; otherwise it stays theirs.
        days: until it can't be taken back any more.
    """

    ends_wedding: bool = False
    days: int = GRACE_DAYS


@flow("accounts.leave")
def leave(*, user: User, wish: Wish, by: Actor, operation: str = "") -> Saga:
    """Begin to delete the account. Every session of it ends with this transaction.

    Raises:
        OnlyCouplesLeave, NotPutBackYet: nothing was done.
        IsLeaving: somebody has asked for it before.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}")
    user = lock_user(user)
    if user.kind != Kind.COUPLE:
        raise OnlyCouplesLeave
    if find_active(KIND, str(user.uid)):
        raise NotPutBackYet
    call_off_change(user, by=by)
    User.objects.filter(pk=user.pk).update(leaving_since=Now(), sessions_ended_at=Now())
    options = _options(wish)
    saga = start(KIND, subject=str(user.uid), by=by, options=options)
    _promise_notice(user, saga, datetime.fromisoformat(options["until"]) if wish.days else None)
    audit("accounts.leaving_asked", by=by, subject=user, detail=options)
    return saga


@transaction_required
def begin_anew(user: User, *, by: Actor) -> None:
    """The deletion of an account whose last one has ended half-way. What is gone is found gone."""
    last = Saga.objects.filter(kind=KIND, subject=str(user.uid)).order_by("-created_at").first()
    ends_wedding = bool(last and last.options["ends_wedding"])
    options = _options(Wish(ends_wedding=ends_wedding, days=0))
    start(KIND, subject=str(user.uid), by=by, options=options)


@transaction_required
def hurry(deletion: Saga) -> None:
    """It waits no longer in case somebody thinks better of it. One that a person looks at still does."""
    now = timezone.now()
    SagaStep.objects.filter(saga=deletion, kind="timer", due_at__gt=now).update(due_at=now)
    options = {**deletion.options, "until": min(deletion.options["until"], now.isoformat())}
    due = Saga.due_after_the_call() if deletion.wait == Saga.Wait.TIMER else {}
    Saga.objects.filter(pk=deletion.pk).update(options=options, **due)


@transaction_required
def delete_again(ended: Saga, by: Actor) -> Saga:
    """A deletion that a person has ended half-way is carried to its end, as it was asked for.

    Raises:
        Refused: there is nothing to delete, or it stays.
    """
    user = User.objects.filter(uid=ended.subject).first()
    if user is None:
        raise Refused("There is no such account any more. What it left elsewhere is removed there.")
    if hold_user(user).leaving_since is None:
        raise Refused("The account stays. To delete it, ask for it anew on its page.")
    return start(KIND, subject=ended.subject, by=by, options=ended.options, retry_of=ended.uid)


@flow("accounts.stay")
def stay(*, deletion: UUID, by: Actor) -> None:
    """Keep the account after all; what was done so far is taken back. A second time it is a no-op.

    Args:
        deletion: the uid of its saga.

    Raises:
        NotToBeDeleted, TooLate, IsLookedAt: nothing was changed.
    """
    saga = Saga.objects.filter(uid=deletion, kind=KIND).first()
    user = User.objects.filter(uid=saga.subject).first() if saga else None
    if saga is None or user is None:
        raise TooLate if saga else NotToBeDeleted
    user = hold_user(user)
    try:
        cancel(saga, by=by)
    except PastTheEnd:
        _say_why_not(saga)
        return
    audit("accounts.leaving_called_off", by=by, subject=user)


def keep(*, user: User, by: Actor) -> None:
    """The same for whoever has the account at hand, and not its deletion.

    Raises:
        NotToBeDeleted, TooLate, IsLookedAt: nothing was changed.
    """
    deletion = deletion_of(user)
    if deletion is None:
        raise NotToBeDeleted
    stay(deletion=deletion.uid, by=by)


def deletion_of(user: User) -> Saga | None:
    """The one under way."""
    return find_active(KIND, str(user.uid))


def has_partner(user: User) -> bool:
    return Member.objects.filter(wedding__members__user=user).exclude(user=user).exists()


def status_link(deletion: UUID) -> str:
    """The page that tells how far it is, and on which it can be called off. Nobody guesses it."""
    return link("accounts_leaving", token_of(deletion))


def token_of(deletion: UUID) -> str:
    return signing.Signer(salt=SALT).sign(str(deletion))


def deletion_by(token: str) -> Saga | None:
    """None if the link isn't ours, or what it told of is forgotten by now."""
    try:
        uid = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return Saga.objects.filter(uid=uid, kind=KIND).first()


def _say_why_not(saga: Saga) -> None:
    saga.refresh_from_db()
    if saga.pivot_at is not None:
        raise TooLate
    if saga.state in Saga.PARKED:
        raise IsLookedAt


def _options(wish: Wish) -> dict[str, Any]:
    until = timezone.now() + timedelta(days=wish.days)
    return {"ends_wedding": wish.ends_wedding, "until": until.isoformat()}


@transaction_required
def _promise_notice(user: User, saga: Saga, until: datetime | None) -> None:
    enqueue_mail(
        "leaving",
        to=user.email,
        key=f"leaving:{saga.uid}",
        context={"link": status_link(saga.uid), "until": until},
        about=user,
    )
