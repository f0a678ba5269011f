"""Who plans which wedding: coming to somebody's, and going to one of one's own.

Nobody is without a wedding at COMMIT, and none is open that nobody plans. What a wedding holds
is never given up unasked.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import F
from django.db.models.functions import Now
from django.template.defaultfilters import pluralize
from django.utils.formats import date_format
from django.utils.text import get_text_list

from accounts.errors import AccountError, LinkNoLongerValid
from accounts.invitations import PlansNoWedding, State, end_invitations, find_invitation
from accounts.locks import lock_user, lock_users, lock_wedding, lock_weddings
from accounts.mail import enqueue_mail, link
from accounts.models import (
    Invitation,
    Member,
    Profile,
    Role,
    User,
    Wedding,
    WeddingStats,
    WeddingStatus,
)
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.transactions import transaction_required


class AlreadyTheirs(AccountError):
    """You plan this wedding already."""


class LeaveFirst(AccountError):
    """You plan a wedding with somebody else. Leave it first, then open the link once more."""


class HoldsWork(AccountError):
    """Your wedding has a checklist, and nobody else plans it. Say that it may be closed."""


class NothingToLeave(AccountError):
    """Your wedding is empty and nobody else plans it: there is nothing to leave."""


@dataclass(frozen=True)
class Contents:
    """What would be closed with a wedding."""

    tasks: int
    done: int
    date: date | None
    place: str

    def __str__(self) -> str:
        """As a page lists it."""
        parts = [
            self.tasks
            and f"{self.tasks} task{pluralize(self.tasks)} ({self.done or 'none'} of them done)",
            self.date and f"the day ({date_format(self.date, 'j F Y')})",
            self.place and f"the place ({self.place})",
        ]
        return get_text_list([each for each in parts if each], "and")

    @property
    def is_work(self) -> bool:
        """A checklist. A date and a place alone are told again within a minute."""
        return self.tasks > 0

    @property
    def is_nothing(self) -> bool:
        return not (self.tasks or self.date or self.place)


def contents_of(wedding: Wedding) -> Contents:
    stats = WeddingStats.objects.get(wedding=wedding)
    return Contents(stats.tasks_total, stats.tasks_done, wedding.date, wedding.place)


@flow("accounts.join_wedding")
def join_wedding(
    *, user: User, token: str, by: Actor, closes_work: bool = False, operation: str = ""
) -> None:
    """Come to the wedding that an invitation leads to; one's own is closed.

    1. Both people are held, then both weddings; then the invitation is read once more.
    2. It is used up. The membership moves, which withdraws the other invitations there.
    3. The own wedding closes, and its invitations with it. The wizard begins anew, with the
       answers of the wedding that is theirs now. Who was there before gets a mail.

    Args:
        closes_work: they know that their own wedding is closed with what is in it.

    Raises:
        LinkNoLongerValid, PlansNoWedding, AlreadyTheirs, LeaveFirst, HoldsWork: nothing was done.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}")
    own, theirs, invitation = _hold_both(user, token)
    _check_may_leave(user, own, theirs=theirs, closes_work=closes_work)
    if not end_invitations(Invitation.objects.filter(pk=invitation.pk), State.ACCEPTED, user):
        raise LinkNoLongerValid
    begin_anew(user)
    move(user, to=theirs, role=Role.PARTNER)
    _close(own)
    for other in _others(theirs, user):
        _tell(other, "partner_joined", about=user, key=f"{invitation.uid}")
    audit("accounts.wedding_joined", by=by, subject=user, detail={"wedding": str(theirs.uid)})


@flow("accounts.leave_wedding")
def leave_wedding(*, user: User, by: Actor, closes_work: bool = False, operation: str = "") -> None:
    """Go to a new wedding of one's own. Who stays keeps the old one; else it is closed.

    Raises:
        PlansNoWedding, NothingToLeave, HoldsWork: nothing was done.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}")
    wedding = _hold_own(user)
    others = _others(wedding, user)
    if not others:
        _check_is_given_up(wedding, closes_work=closes_work)
    new = open_wedding()
    begin_anew(user)
    move(user, to=new, role=Role.OWNER)
    if not others:
        _close(wedding)
    for other in others:
        Member.objects.filter(user=other).update(role=Role.OWNER)
        _tell(other, "partner_left", about=user, key=f"{new.uid}")
    audit("accounts.wedding_left", by=by, subject=user, detail={"wedding": str(wedding.uid)})


@transaction_required
def _hold_both(user: User, token: str) -> tuple[Wedding, Wedding, Invitation]:
    """The own wedding, the one that the link leads to, and the invitation, all as they are now."""
    found = find_invitation(token)
    lock_users(user.pk, found.invited_by_id)
    own = _wedding_of(lock_user(user))
    held = lock_weddings(own.pk, found.wedding_id)
    return held[own.pk], held[found.wedding_id], find_invitation(token)


@transaction_required
def _hold_own(user: User) -> Wedding:
    try:
        return lock_wedding(user)
    except Wedding.DoesNotExist:
        raise PlansNoWedding from None


def _wedding_of(user: User) -> Wedding:
    try:
        return Wedding.objects.get(members__user=user)
    except Wedding.DoesNotExist:
        raise PlansNoWedding from None


def _others(wedding: Wedding, user: User) -> list[User]:
    return list(User.objects.filter(membership__wedding=wedding).exclude(pk=user.pk).order_by("pk"))


def _check_may_leave(user: User, own: Wedding, *, theirs: Wedding, closes_work: bool) -> None:
    if own.pk == theirs.pk:
        raise AlreadyTheirs
    if _others(own, user):
        raise LeaveFirst
    if contents_of(own).is_work and not closes_work:
        raise HoldsWork


def _check_is_given_up(wedding: Wedding, *, closes_work: bool) -> None:
    held = contents_of(wedding)
    if held.is_nothing:
        raise NothingToLeave
    if held.is_work and not closes_work:
        raise HoldsWork


@transaction_required
def open_wedding() -> Wedding:
    wedding = Wedding.objects.create()
    WeddingStats.objects.create(wedding=wedding)
    return wedding


@transaction_required
def begin_anew(user: User) -> None:
    """What the wizard asked was about another wedding. The own name and interests stay."""
    Profile.objects.filter(user=user).update(step=0, onboarded_at=None, version=F("version") + 1)


@transaction_required
def move(user: User, *, to: Wedding, role: Role) -> None:
    Member.objects.filter(user=user).update(wedding=to, role=role, joined_at=Now())


@transaction_required
def _close(wedding: Wedding) -> None:
    """Its invitations end with it, in the database."""
    Wedding.objects.filter(pk=wedding.pk).update(
        status=WeddingStatus.CLOSED, closed_at=Now(), version=F("version") + 1
    )


@transaction_required
def _tell(other: User, kind: str, *, about: User, key: str) -> None:
    context = {"who": about.email, "link": link("accounts_partner")}
    # About whoever it names, so that it goes with their account.
    enqueue_mail(
        kind, to=other.email, key=f"{kind}:{other.uid}:{key}", context=context, about=about
    )
