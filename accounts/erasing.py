"""Take the rows of a sealed account away: what may be many bit by bit, the rest at once.

Each bit is one transaction that keeps every promise, so that whoever stops in between leaves an
account that is smaller, and not broken.
"""

from collections.abc import Callable

from django.db.models import F
from django.db.models.functions import Now

from accounts.mail import enqueue_mail, link
from accounts.models import (
    Customer,
    Event,
    Member,
    Payment,
    Profile,
    Role,
    UsageCounter,
    User,
    Wedding,
    WeddingStats,
    WeddingStatus,
)
from integrity.privacy import erase_traces
from integrity.transactions import transaction_required

BATCH = 500
# Each takes some rows of a closed wedding away, keeps what counts them right, and says how many.
chunks: list[Callable[[Wedding], int]] = []


@transaction_required
def erase_some(user: User, *, ends_wedding: bool) -> bool:
    """Take one bit away. False once nothing is left.

    Args:
        ends_wedding: for the partner, too, who goes on with an empty one. Otherwise it stays theirs.
    """
    held = _hold_everybody(user)
    if user.pk not in held:
        return False
    wedding = Wedding.objects.select_for_update(no_key=True, of=("self",)).get(members__user=user)
    partners = list(User.objects.filter(membership__wedding=wedding).exclude(pk=user.pk))
    if not held.issuperset(partner.pk for partner in partners):
        # Somebody joined a moment ago; they are held the next time.
        return True
    if wedding.status == WeddingStatus.OPEN and (ends_wedding or not partners):
        _close(wedding, user, partners)
    elif not (_erase_chunk(wedding) or _forget_events(user) or erase_traces(user, limit=BATCH)):
        _erase_rest(user, wedding, partners)
    return True


def erase_some_usage(wedding: Wedding) -> int:
    """One month's counter with its entries, of which the plan allows so many."""
    oldest = UsageCounter.objects.filter(wedding=wedding).order_by("period").first()
    return oldest.delete()[0] if oldest else 0


chunks.append(erase_some_usage)


def _hold_everybody(user: User) -> set[int]:
    """The user and whoever plans with them, in the order of their ids."""
    theirs = Member.objects.filter(wedding__members__user=user).values("user")
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=theirs).order_by("pk")
    return {each.pk for each in rows}


def _close(wedding: Wedding, user: User, partners: list[User]) -> None:
    """From here on it is nobody's plan, and its rows may go one after the other."""
    for partner in partners:
        _begin_anew(partner)
    _reopen_wizard(user, interests_wanted=None)
    Wedding.objects.filter(pk=wedding.pk).update(status=WeddingStatus.CLOSED, closed_at=Now())


def _begin_anew(partner: User) -> None:
    """An empty wedding, with the wizard to fill it, and a mail that says so."""
    wedding = Wedding.objects.create()
    WeddingStats.objects.create(wedding=wedding)
    Member.objects.filter(user=partner).update(wedding=wedding, role=Role.OWNER)
    _reopen_wizard(partner)
    _tell(partner, "wedding_ended", wedding)


def _reopen_wizard(user: User, **more: object) -> None:
    Profile.objects.filter(user=user).update(
        step=0, onboarded_at=None, version=F("version") + 1, **more
    )


def _erase_chunk(wedding: Wedding) -> bool:
    return wedding.status == WeddingStatus.CLOSED and any(erase(wedding) for erase in chunks)


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
    if wedding.status == WeddingStatus.CLOSED:
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
