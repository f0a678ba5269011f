"""Somebody is asked to plan along: by a link in a mail, for two weeks, until it is used or taken back.

The link is whoever's who has it, so that a partner may join with another address than the one
that was asked. Of its secret only a hash is kept.
"""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.billing.usage import count_use
from accounts.emails import canonical_email
from accounts.errors import AccountError, LinkNoLongerValid
from accounts.locks import lock_wedding
from accounts.mail import enqueue_mail, link
from accounts.mail_limits import digest, limit_mail
from accounts.models import Invitation, Metric, Profile, User, Wedding
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.transactions import transaction_required

LASTS = timedelta(days=14)
MOST = 2
BITE = 1000
State = Invitation.State


class PlansNoWedding(AccountError):
    """Only couples plan a wedding here. This is an operator's account."""


class VerifyFirst(AccountError):
    """Confirm your own address first: its link is in the mail that we sent you."""


class OwnAddress(AccountError):
    """This is your own address. Give that of whom you plan with."""


class AlreadyTwo(AccountError):
    """The two of you plan together already, and a wedding is planned by two."""


class InvitationEnded(AccountError):
    """This invitation has ended already: its link does not work any more."""


@flow("accounts.invite")
def invite(*, user: User, email: str, by: Actor, operation: str = "") -> Invitation:
    """Send somebody a link to join the wedding. One that they were sent before dies.

    Nobody is told whether there is an account with this address, for nobody looks.

    Raises:
        PlansNoWedding, VerifyFirst, OwnAddress, AlreadyTwo: nothing was sent.
        MailedAMomentAgo, LimitReached: nothing was sent.
        AlreadyDone: this very submission was committed before.
    """
    email = canonical_email(email)
    claim_operation(operation and f"{operation}:{user.uid}:{digest(email)}")
    wedding = _wedding_of(user)
    if not Profile.objects.filter(user=user, email=user.email, email_verified=True).exists():
        raise VerifyFirst
    if email == user.email:
        raise OwnAddress
    if wedding.members.count() >= MOST:
        raise AlreadyTwo
    limit_mail("invite", email)
    invitation = _invite(wedding, user=user, email=email)
    audit("accounts.invited", by=by, subject=user, detail={"invitation": str(invitation.uid)})
    return invitation


@flow("accounts.withdraw_invitation")
def withdraw_invitation(*, user: User, invitation: Invitation, by: Actor) -> None:
    """Take it back: its link dies.

    Raises:
        PlansNoWedding: and so they have no invitation, either.
        InvitationEnded: it isn't theirs, or there is nothing to take back.
    """
    waiting = _waiting(_wedding_of(user)).filter(pk=invitation.pk)
    if not end_invitations(waiting, State.WITHDRAWN):
        raise InvitationEnded
    audit("accounts.invitation_withdrawn", by=by, subject=user)


@flow("accounts.expire_invitations")
def expire_invitations() -> int:
    """Forget whom the links were sent to that have died of age. How many of them; 0 at the end."""
    old = Invitation.objects.filter(state=State.WAITING, expires_at__lte=Now())
    held = old.select_for_update(no_key=True, skip_locked=True).order_by("pk")
    keys = list(held.values_list("pk", flat=True)[:BITE])
    return end_invitations(Invitation.objects.filter(pk__in=keys), State.EXPIRED)


def open_invitations(wedding: Wedding) -> QuerySet[Invitation]:
    """Those whose links work, the newest first."""
    return _waiting(wedding).filter(expires_at__gt=Now()).order_by("-pk")


def find_invitation(token: str) -> Invitation:
    """By what its link ends with.

    Raises:
        LinkNoLongerValid: there is none, it has ended, or who asked is deleting their account.
            Which of them is nobody's business.
    """
    found = Invitation.objects.filter(
        token_hash=_hashed(token), state=State.WAITING, expires_at__gt=Now()
    )
    staying = found.filter(invited_by__leaving_since=None)
    try:
        return staying.select_related("invited_by").get()
    except Invitation.DoesNotExist:
        raise LinkNoLongerValid from None


@transaction_required
def end_invitations(
    invitations: QuerySet[Invitation], state: State, accepted_by: User | None = None
) -> int:
    """From waiting to this state, without the address. How many did."""
    waiting = invitations.filter(state=State.WAITING)
    return waiting.update(state=state, accepted_by=accepted_by, email="", ended_at=Now())


def _wedding_of(user: User) -> Wedding:
    try:
        return lock_wedding(user)
    except Wedding.DoesNotExist:
        raise PlansNoWedding from None


def _waiting(wedding: Wedding) -> QuerySet[Invitation]:
    return Invitation.objects.filter(wedding=wedding, state=State.WAITING)


@transaction_required
def _invite(wedding: Wedding, *, user: User, email: str) -> Invitation:
    end_invitations(_waiting(wedding).filter(email=email), State.WITHDRAWN)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        wedding=wedding,
        invited_by=user,
        email=email,
        token_hash=_hashed(token),
        expires_at=Now() + LASTS,
    )
    count_use(wedding=wedding, metric=Metric.INVITATIONS, operation=f"invitation:{invitation.uid}")
    # Who asks is named by the address that they have proven: a name is free text, and this mail
    # goes to whomever they like.
    context = {"who": user.email, "link": link("accounts_join", token), "days": LASTS.days}
    key = f"invitation:{invitation.uid}"
    enqueue_mail("invitation", to=email, key=key, context=context, about=user)
    return invitation


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
