"""A change of address, step by step: the identity provider first, then all that is here at once."""

from typing import Any
from uuid import UUID

from accounts.addresses.change import ADDRESSES
from accounts.addresses.verification import settle_change
from accounts.clients.identity import identities
from accounts.clients.outcomes import Missing, Rejected
from accounts.elsewhere.identity import doubt_identity, promise_identity
from accounts.elsewhere.identity_sync import PATIENCE, TAKEN, tell
from accounts.errors import AccountError, LinkNoLongerValid
from accounts.locks import hold_user, lock_user
from accounts.lookup import on_its_way
from accounts.mail import enqueue_mail, link
from accounts.models import User
from accounts.steps import calls_a_vendor, configured, wait_for_begun_calls
from integrity.audit import audit
from integrity.saga.context import At
from integrity.saga.definition import Probe
from integrity.saga.outcomes import ChangedSince, Gone, NotDone, RefusedForGood
from integrity.transactions import transaction_required


@transaction_required
def hold_address(at: At) -> None:
    """It is kept since it was confirmed. Whoever leaves meanwhile changes nothing any more."""
    _changer(at)


@transaction_required
def release_address(at: At) -> None:
    """Anybody may have the new address again, and whoever didn't call it off themselves is told."""
    user = User.objects.filter(uid=at.subject).first()
    if user is None:
        return
    user = hold_user(user)
    address = on_its_way(user).first()
    if address:
        address.delete()
    # The old address, whatever the provider has made of it meanwhile.
    promise_identity(user)
    if address and not (at.cancelled or user.leaving_since):
        enqueue_mail(
            "email_not_changed",
            to=user.email,
            key=f"email_not_changed:{at.saga}",
            context={"new_email": address.email, "link": link("account_email")},
            about=user,
        )


@calls_a_vendor
def capture_identity(at: At) -> dict[str, Any]:
    wait_for_begun_calls(at)
    found = configured(identities()).find(UUID(at.subject))
    return {"email": found.email if found else "", "verified": bool(found and found.is_verified)}


@calls_a_vendor
def set_identity(at: At) -> None:
    user = User.objects.filter(uid=at.subject, leaving_since=None).first()
    if user is None or not on_its_way(user).exists():
        raise RefusedForGood("the account is going, or the new address isn't kept for it any more")
    client = configured(identities())
    doubt_identity(user)
    try:
        tell(client, user.uid, email=_addresses(at)["new"], verified=True)
    except Missing:
        raise NotDone("the identity was removed just now; it is read again") from None
    except Rejected as error:
        if error.code == "id_taken":
            raise NotDone("the identity was made just now; it is read again") from None
        if error.code == TAKEN and at.attempt < PATIENCE:
            raise NotDone("another identity has the address, and may be about to change") from None
        raise


@calls_a_vendor
def is_identity_set(at: At) -> Probe:
    found = configured(identities()).find(UUID(at.subject))
    has_it = found and found.is_verified and found.email.lower() == _addresses(at)["new"]
    return Probe.DONE if has_it else Probe.NOT_DONE


@calls_a_vendor
def reset_identity(at: At) -> None:
    """The address that it had; where there was no identity, the one that is the account's."""
    addresses, client = _addresses(at), configured(identities())
    before = at.prior.get("email") or addresses["old"]
    found = client.find(UUID(at.subject))
    if found is None:
        raise Gone("the identity was removed since")
    if found.email.lower() == before.lower():
        return
    if found.email.lower() != addresses["new"]:
        raise ChangedSince("the identity has another address since")
    is_verified = at.prior.get("verified", True) or before == addresses["old"]
    client.set_email(found.id, email=before, is_verified=is_verified)


@transaction_required
def change_here(at: At) -> None:
    """The one moment in which it becomes the account's address. The old one is told."""
    user = _changer(at)
    try:
        settle_change(user, on_its_way(user).get())
    except LinkNoLongerValid:
        raise RefusedForGood("the address is somebody else's by now") from None
    audit("accounts.email_changed", by=at.by, subject=user)


@transaction_required
def _changer(at: At) -> User:
    """Held, as is the address."""
    user = User.objects.filter(uid=at.subject).first()
    try:
        user = lock_user(user) if user else None
    except AccountError as error:
        raise RefusedForGood(type(error).__name__) from None
    if user is None or not on_its_way(user).exists():
        raise RefusedForGood("the account is gone, or the new address isn't kept for it any more")
    return user


def _addresses(at: At) -> dict[str, Any]:
    """Raises Gone: the account was deleted meanwhile, and with it what it had."""
    addresses = at.secret(ADDRESSES)
    if not addresses:
        raise Gone("the account was deleted meanwhile")
    return addresses
