"""What is true of a membership now, and what would become of it: all that its pages say."""

from dataclasses import dataclass

from accounts.billing.usage import Used, used
from accounts.invitations import PlansNoWedding, open_invitations
from accounts.membership import AlreadyTheirs, Contents, NothingToLeave, contents_of
from accounts.models import FINAL, Invitation, Metric, Subscription, User, Wedding


@dataclass(frozen=True)
class Together:
    """Attributes:
    invitations: those that wait; there are none where there is a partner.
    """

    partner: User | None
    invitations: list[Invitation]
    used: Used
    contents: Contents


@dataclass(frozen=True)
class Coming:
    """What would be, if the invitation were accepted now.

    Attributes:
        who: the address of whoever asks, as in the mail; blank if their account is gone.
        must_leave: they plan with somebody else, so that it can't be.
        own: what would be closed.
        pays: this person has a subscription, which would count there.
        both_pay: and so has the other.
    """

    who: str
    must_leave: bool
    own: Contents
    pays: bool
    both_pay: bool


@dataclass(frozen=True)
class Going:
    """What would be, if this person left now. `loses_premium`: it is paid for by who stays."""

    partner: User | None
    contents: Contents
    pays: bool
    loses_premium: bool


def partner_of(user: User) -> User | None:
    wedding = Wedding.objects.filter(members__user=user).first()
    return _partner_of(user, wedding) if wedding else None


def together(user: User) -> Together:
    """
    Raises:
        PlansNoWedding
    """
    wedding = _wedding_of(user)
    partner = _partner_of(user, wedding)
    return Together(
        partner=partner,
        invitations=[] if partner else list(open_invitations(wedding)),
        used=used(wedding=wedding, metric=Metric.INVITATIONS),
        contents=contents_of(wedding),
    )


def coming(user: User, invitation: Invitation) -> Coming:
    """
    Raises:
        PlansNoWedding, AlreadyTheirs: there is nothing to ask.
    """
    own, pays = _wedding_of(user), _pays(user)
    if own.pk == invitation.wedding_id:
        raise AlreadyTheirs
    return Coming(
        who=who_asks(invitation),
        must_leave=_partner_of(user, own) is not None,
        own=contents_of(own),
        pays=pays,
        both_pay=pays and any(map(_pays, _members(invitation.wedding))),
    )


def going(user: User) -> Going:
    """
    Raises:
        PlansNoWedding, NothingToLeave: there is nothing to ask.
    """
    wedding, pays = _wedding_of(user), _pays(user)
    partner, contents = _partner_of(user, wedding), contents_of(wedding)
    if partner is None and contents.is_nothing:
        raise NothingToLeave
    return Going(
        partner=partner,
        contents=contents,
        pays=pays,
        loses_premium=bool(partner and _pays(partner) and not pays),
    )


def who_asks(invitation: Invitation) -> str:
    return invitation.invited_by.email if invitation.invited_by else ""


def _wedding_of(user: User) -> Wedding:
    try:
        return Wedding.objects.get(members__user=user)
    except Wedding.DoesNotExist:
        raise PlansNoWedding from None


def _partner_of(user: User, wedding: Wedding) -> User | None:
    return next((each for each in _members(wedding) if each.pk != user.pk), None)


def _members(wedding: Wedding) -> list[User]:
    members = User.objects.filter(membership__wedding=wedding)
    return list(members.select_related("profile", "membership").order_by("pk"))


def _pays(user: User) -> bool:
    return Subscription.objects.filter(user=user).exclude(status__in=FINAL).exists()
