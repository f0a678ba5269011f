"""Take the rows of a sealed account away: what may be many bit by bit, the rest at once.

Each bit is one transaction that keeps every promise, so that whoever stops in between leaves an
account that is smaller, and not broken.
"""

from collections.abc import Callable

from django.db.models import F

from accounts.invitations import end_invitations
from accounts.leaving.holding import holds_on
from accounts.locks import lock_users, lock_weddings
from accounts.mail import enqueue_mail, link
from accounts.membership import begin_anew, move, open_wedding
from accounts.models import (
    Customer,
    Event,
    Invitation,
    Member,
    Payment,
    Profile,
    Role,
    UsageCounter,
    User,
    Wedding,
)
from integrity.privacy import erase_traces
from integrity.transactions import transaction_required

BATCH = 500
# Each takes some rows of a wedding that ends, keeps what counts them right, and says how many.
chunks: list[Callable[[Wedding], int]] = []


@transaction_required
def erase_some(user: User, *, ends_wedding: bool) -> bool:
    """Take one bit away. False once nothing is left.

    Args:
        ends_wedding: for the partner, too, who goes on with an empty one. Otherwise, and where the
            partner's account is held, it stays theirs.
    """
    held = _hold_everybody(user)
    if user.pk not in held:
        return False
    theirs = Wedding.objects.only("pk").get(members__user=user)
    wedding = lock_weddings(theirs.pk)[theirs.pk]
    partners = list(User.objects.filter(membership__wedding=wedding).exclude(pk=user.pk))
    if not held.issuperset(partner.pk for partner in partners):
        # Somebody joined a moment ago; they are held the next time.
        return True
    _forget_name(user, partners)
    if partners and ends_wedding and not holds_on(partners).exists():
        _part(wedding, partners)
    elif not (partners or _is_erased(user, wedding)):
        return True
    elif not (_forget_events(user) or erase_traces(user, limit=BATCH)):
        _erase_rest(user, wedding, partners)
    return True


def erase_some_usage(wedding: Wedding) -> int:
    """One month's counter with its entries, of which the plan allows so many."""
    oldest = UsageCounter.objects.filter(wedding=wedding).order_by("period").first()
    return oldest.delete()[0] if oldest else 0


chunks.append(erase_some_usage)


def _hold_everybody(user: User) -> set[int]:
    """The user and whoever plans with them."""
    theirs = Member.objects.filter(wedding__members__user=user)
    return set(lock_users(*theirs.values_list("user", flat=True)))


def _forget_name(user: User, partners: list[User]) -> None:
    """Whoever planned with them has told their name, and may tell another."""
    for partner in partners:
        named = Profile.objects.filter(user=partner, partner_name__iexact=user.profile.name)
        named.exclude(partner_name="").update(partner_name="", version=F("version") + 1)


def _part(wedding: Wedding, partners: list[User]) -> None:
    for partner in partners:
        begin_anew(partner)
        move(partner, to=open_wedding(), role=Role.OWNER)
        _tell(partner, "wedding_ended", wedding)


def _is_erased(user: User, wedding: Wedding) -> bool:
    """Whether there is no more of the plan than what goes with the account. Else, one bit goes.

    First nobody is led to it any more, and its owner is as somebody who hasn't begun it.
    """
    withdrawn = end_invitations(wedding.invitations.all(), Invitation.State.WITHDRAWN)
    begun = Profile.objects.filter(user=user, step__gt=0).update(interests_wanted=None)
    if begun:
        begin_anew(user)
    if begun or withdrawn:
        return False
    return not any(erase(wedding) for erase in chunks)


def _forget_events(user: User) -> int:
    """What Stripe told of them goes; that it told something stays, under ids that name nobody."""
    theirs = Event.objects.filter(customer_id__in=Customer.objects.filter(user=user).values("pk"))
    some = list(theirs.exclude(sealed=None).values_list("pk", flat=True)[:BATCH])
    unapplied = Event.objects.filter(pk__in=some, state=Event.State.FAILED)
    unapplied.update(state=Event.State.IGNORED, reason=Event.Reason.TOMBSTONED)
    return Event.objects.filter(pk__in=some).update(sealed=None)


def _erase_rest(user: User, wedding: Wedding, partners: list[User]) -> None:
    """All that is left, with what hangs on it by foreign keys. Payments stay, and name nobody."""
    Payment.objects.filter(user=user).update(user=None, tombstone=user.uid)
    User.objects.filter(pk=user.pk).delete()
    if not partners:
        wedding.delete()
    for partner in partners:
        Member.objects.filter(user=partner).update(role=Role.OWNER)
        _tell(partner, "wedding_is_yours", wedding)


def _tell(partner: User, kind: str, wedding: Wedding) -> None:
    enqueue_mail(
        kind,
        to=partner.email,
        key=f"{kind}:{partner.uid}:{wedding.uid}",
        context={"link": link("onboarding_home")},
        about=partner,
    )
