"""A proven address on its way to be the account's, where an identity provider knows the account, too.

The provider has it first, and then, in one transaction, all that is here; or neither has. Until then
the row of the new address is proven, but not the primary one: so nobody else gets it, and whoever
logs in does so by the old one. The steps beside this carry it; docs/email-change.md says why.
"""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.utils import timezone

from accounts.elsewhere.identity import is_configured
from accounts.errors import AddressIsChanging, LinkNoLongerValid
from accounts.lookup import is_somebodys, on_its_way
from accounts.models import Kind, User
from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga.start import PastTheEnd, cancel, find_active, start
from integrity.sqlstate import constraint_name
from integrity.transactions import transaction_required

KIND = "accounts.change_email"
# Sealed with the saga: the address that they have, and the one that they are to have.
ADDRESSES = "addresses"
VERIFIED_IS_UNIQUE = "unique_verified_email"
# How long the page tells of a change that failed.
NEWS = timedelta(days=7)
State = Saga.State


@dataclass(frozen=True)
class ChangeFacts:
    """
    Attributes:
        stage: `moving`, `staying` (it is being taken back), `looked_at` (by a person), `failed`.
        email: the new address, until it is settled.
        is_late: something doesn't answer, and is tried again.
    """

    stage: str
    email: str
    is_late: bool


def goes_by_the_provider(user: User) -> bool:
    return is_configured() and user.kind == Kind.COUPLE


def find_change(user: User) -> Saga | None:
    """The one under way."""
    return find_active(KIND, str(user.uid))


@transaction_required
def refuse_while_changing(user: User) -> None:
    """
    Raises:
        AddressIsChanging: nothing was changed.
    """
    if find_change(user):
        raise AddressIsChanging


@transaction_required
def begin_change(user: User, address: EmailAddress, *, by: Actor) -> Saga:
    """Keep the address for this account, and have it carried to the provider and then here.

    Raises:
        LinkNoLongerValid: it is somebody else's.
    """
    if is_somebodys(address.email, but=user):
        raise LinkNoLongerValid
    EmailAddress.objects.filter(user=user, primary=False).exclude(pk=address.pk).delete()
    address.verified, address.primary = True, False
    try:
        address.save(update_fields=["verified", "primary"])
    except IntegrityError as error:
        if constraint_name(error) == VERIFIED_IS_UNIQUE:
            raise LinkNoLongerValid from error
        raise
    addresses = {"old": user.email, "new": address.email}
    return start(KIND, subject=str(user.uid), by=by, secrets={ADDRESSES: addresses})


@transaction_required
def call_off_change(user: User, *, by: Actor) -> bool:
    """Stay with the old address after all. False where nothing was to be called off, or it is too
    late for that."""
    change = find_change(user)
    if change is None:
        return False
    try:
        cancel(change, by=by)
    except PastTheEnd:
        return False
    return True


def change_facts(user: User) -> ChangeFacts | None:
    """How far the last change is, for the person; None where there is nothing to tell."""
    last = Saga.objects.filter(kind=KIND, subject=str(user.uid)).order_by("-created_at").first()
    stage = _stage(last) if last else ""
    if last is None or not stage:
        return None
    email = on_its_way(user).values_list("email", flat=True).first()
    return ChangeFacts(stage, email or "", is_late=last.first_failed_at is not None)


def _stage(change: Saga) -> str:
    if change.state in Saga.PARKED:
        return "looked_at"
    if change.state == State.RUNNING:
        return "moving"
    if change.state == State.COMPENSATING and change.position >= 0:
        return "staying"
    # Where all is put back, what is left is to look whether a late call has landed after all.
    failed = change.state in (State.COMPENSATING, State.COMPENSATED) and not change.cancelled_at
    return "failed" if failed and change.updated_at > timezone.now() - NEWS else ""
