"""Somebody wants a copy of all that we have of them.

Asking starts a saga (accounts.sagas), which asks the vendors, collects our own rows, and writes one
file. Nobody sees anything of it before it is whole. It is kept for a week.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.errors import AccountError
from accounts.exporting.pieces import read_pieces
from accounts.locks import hold_user
from accounts.models import Export, ExportPiece, Kind, User
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.models import Saga, SagaSecret
from integrity.saga.start import PastTheEnd, cancel, find_active, start
from integrity.transactions import transaction_required

KIND = "accounts.export_data"
LASTS = timedelta(days=7)
# Each costs as much as the person has here, so nobody has them made all day.
MOST, WITHIN = 3, timedelta(days=1)
BITE = 20


class OnlyCouplesExport(AccountError):
    """This is an operator's account: there is no wedding to take a copy of."""


class IsSealed(AccountError):
    """This account is being deleted for good, or was switched off, so no copy of it can be made."""


class OftenEnough(AccountError):
    """Three copies were made within a day. Ask for the next one tomorrow."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(
            f"We have made {MOST} copies for you within a day. You can ask for the next one from"
            f" {again_at:%-d %B, %H:%M} UTC on."
        )


class NoExport(AccountError):
    """There is no copy to download: it was kept for seven days, or none was made. Ask for one."""


@flow("accounts.ask_for_export")
def ask_for_export(*, user: User, by: Actor, operation: str = "") -> Saga:
    """Begin to make a copy, or return what makes one already. Also for whoever is leaving, until
    the account is sealed.

    Raises:
        OnlyCouplesExport, IsSealed, OftenEnough: nothing was done.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}")
    user = hold_user(user)
    if user.kind != Kind.COUPLE:
        raise OnlyCouplesExport
    if not user.is_active:
        raise IsSealed
    if under_way := find_active(KIND, str(user.uid)):
        return under_way
    if again_at := _often_enough_until(user):
        raise OftenEnough(again_at)
    saga = start(KIND, subject=str(user.uid), by=by)
    audit("accounts.export_asked", by=by, subject=user)
    return saga


def ready_export(user: User) -> Export | None:
    """What may be downloaded now."""
    return user.exports.filter(expires_at__gt=Now()).first()


def content_of(export: Export) -> Iterator[bytes]:
    """The file, piece by piece.

    Raises:
        NoExport: it isn't all there any more. Whoever sends it breaks off, and never ends as if
            that were all.
        UnreadableSeal: the key that it was sealed with is gone.
    """
    sent = 0
    for content in read_pieces(export, ExportPiece.Kind.FILE):
        sent += len(content)
        yield content
    if sent != export.size:
        raise NoExport


@flow("accounts.forget_exports")
def forget_exports() -> int:
    """Take away what has outlived its week, and what isn't being made any more. How many; 0 at the
    end."""
    old = forgettable().select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    keys = list(old.values_list("pk", flat=True)[:BITE])
    return remove_exports(Export.objects.filter(pk__in=keys))


def forgettable() -> "QuerySet[Export]":
    """Those whose week is over, and those that nobody makes any more."""
    making = Saga.objects.filter(uid=OuterRef("pk"), finished_at=None)
    return Export.objects.filter(
        Q(expires_at__lte=Now()) | Q(ready_at=None) & ~Q(Exists(making)),
    )


@transaction_required
def remove_exports(exports: "QuerySet[Export]") -> int:
    """With their pieces. How many copies."""
    _, counts = exports.delete()
    return counts.get(Export._meta.label, 0)


@transaction_required
def end_exports(user: User, *, by: Actor) -> None:
    """Of an account that is sealed: whatever makes one makes it no more, and keeps nothing of it."""
    active = find_active(KIND, str(user.uid))
    if active is None:
        return
    SagaSecret.objects.filter(saga=active).delete()
    try:
        cancel(active, by=by)
    except PastTheEnd:
        # It is parked, or has turned back by itself: it has nothing, and gets no more.
        return


def _often_enough_until(user: User) -> datetime | None:
    made = Saga.objects.filter(
        kind=KIND,
        subject=str(user.uid),
        state=Saga.State.COMPLETED,
        finished_at__gt=timezone.now() - WITHIN,
    )
    times = made.order_by("-finished_at").values_list("finished_at", flat=True)[:MOST]
    found = [each for each in times if each]
    return found[-1] + WITHIN if len(found) == MOST else None
