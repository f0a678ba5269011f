"""From an address that was typed to an address that is proven."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db import IntegrityError

from accounts.addresses.change import (
    VERIFIED_IS_UNIQUE,
    begin_change,
    goes_by_the_provider,
    refuse_while_changing,
)
from accounts.addresses.links import promise_link
from accounts.billing.address import promise_address
from accounts.elsewhere.contact import promise_contact
from accounts.elsewhere.identity import promise_identity
from accounts.emails import canonical_email
from accounts.errors import AlreadyVerified, LinkNoLongerValid, NothingToVerify
from accounts.locks import lock_user
from accounts.mail import enqueue_mail, link
from accounts.mail_limits import digest, limit_mail
from accounts.models import Kind, User
from accounts.models.users import EMAIL_IS_UNIQUE
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.models import Saga
from integrity.sqlstate import constraint_name
from integrity.transactions import transaction_required


@dataclass(frozen=True)
class Confirmed:
    """What a confirmation did.

    Attributes:
        first: the account was not verified before.
        moves_to: the address that counts once the identity provider has it; blank where it counts.
        change: what carries it there.
    """

    user: User
    first: bool
    moves_to: str = ""
    change: Saga | None = None


@flow("accounts.resend_verification")
def resend_verification(*, user: User, by: Actor) -> None:
    """Send the link once more, to the address that waits for it.

    Raises:
        NothingToVerify: no address of this account waits.
        MailedAMomentAgo: nothing was sent.
    """
    user = lock_user(user)
    address = waiting_address(user)
    if address is None:
        raise NothingToVerify
    limit_mail("verify", address.email)
    promise_link(address, "verify" if address.primary else link_kind(user))
    audit("accounts.verification_resent", by=by, subject=user)


@flow("accounts.confirm_email")
def confirm_email(*, user: User, email: str, by: Actor, operation: str = "") -> Confirmed:
    """The address is proven: from now on it is the account's address.

    1. The account is held; its other addresses go.
    2. `User.email` follows. The profile follows by triggers, and every session that was begun
       under the old address ends, because its hash contains the address.
    3. The first proof sends the welcome mail; a change tells the old address. Resend, the
       identity provider and Stripe are told.

    Where an identity provider is configured, a change only begins here: see accounts.addresses.change.

    Raises:
        LinkNoLongerValid: it is proven already, no longer waits, or went to somebody else.
        AddressIsChanging: the last change isn't over. The link stays good.
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}:{digest(email)}")
    user = lock_user(user)
    address = EmailAddress.objects.filter(user=user, email=email, verified=False).first()
    if address is None:
        raise LinkNoLongerValid
    first = not is_verified(user)
    moves = not first and email != user.email
    audit("accounts.email_confirmed", by=by, subject=user, detail={"first": first})
    if moves:
        refuse_while_changing(user)
    if moves and goes_by_the_provider(user):
        change = begin_change(user, address, by=by)
        return Confirmed(user, first, moves_to=email, change=change)
    if moves:
        settle_change(user, address)
    else:
        _settle(user, address)
    if first:
        _promise_welcome(user)
    return Confirmed(user, first)


@transaction_required
def settle_change(user: User, address: EmailAddress) -> None:
    """Another address becomes the account's, and the one that it had is told.

    Raises:
        LinkNoLongerValid: it went to somebody else.
    """
    old = user.email
    _settle(user, address)
    _promise_change_notice(user, address, old)


@transaction_required
def _settle(user: User, address: EmailAddress) -> None:
    _make_it_theirs(user, address)
    promise_contact(user)
    promise_identity(user)
    promise_address(user)


@flow("accounts.change_unverified_email")
def change_unverified_email(*, user: User, email: str, by: Actor, operation: str = "") -> None:
    """Send the link to another address, because the first one was mistyped.

    The new one waits beside the old until it is proven, whether or not somebody has it already:
    so nothing that the visitor can see or try tells which. The first link dies.

    Raises:
        AlreadyVerified: use `request_email_change`.
        MailedAMomentAgo: nothing was changed.
        AlreadyDone: this very submission was committed before.
    """
    email = canonical_email(email)
    claim_operation(operation and f"{operation}:{user.uid}:{digest(email)}")
    user = lock_user(user)
    if is_verified(user):
        raise AlreadyVerified
    limit_mail("verify", email)
    EmailAddress.objects.filter(user=user).delete()
    address = EmailAddress.objects.create(user=user, email=user.email, primary=True)
    if email != user.email:
        address = EmailAddress.objects.create(user=user, email=email, primary=False)
    promise_link(address)
    audit("accounts.unverified_email_changed", by=by, subject=user)


def is_verified(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, primary=True, verified=True).exists())


def link_kind(user: User) -> str:
    """A verified account that gets a second address changes its own; any other begins."""
    return "email_change" if is_verified(user) else "verify"


def waiting_address(user: User) -> EmailAddress | None:
    """The address whose link is awaited: the new one before the first one."""
    waiting = EmailAddress.objects.filter(user=user, verified=False)
    return waiting.order_by("primary", "-pk").first()


def _make_it_theirs(user: User, address: EmailAddress) -> None:
    try:
        if user.email != address.email:
            user.email = address.email
            user.save(update_fields=["email"])
        EmailAddress.objects.filter(user=user).exclude(pk=address.pk).delete()
        address.primary = address.verified = True
        address.save(update_fields=["primary", "verified"])
    except IntegrityError as error:
        if constraint_name(error) in (EMAIL_IS_UNIQUE, VERIFIED_IS_UNIQUE):
            raise LinkNoLongerValid from error
        raise


def _promise_welcome(user: User) -> None:
    if user.kind != Kind.COUPLE:
        return
    enqueue_mail(
        "welcome",
        to=user.email,
        key=f"welcome:{user.uid}",
        context={"link": link("onboarding_home")},
        about=user,
    )


def _promise_change_notice(user: User, address: EmailAddress, old: str) -> None:
    enqueue_mail(
        "email_changed",
        to=old,
        key=f"email_changed:{user.uid}:{address.pk}",
        context={"new_email": address.email, "reset_link": link("account_reset_password")},
        about=user,
    )
