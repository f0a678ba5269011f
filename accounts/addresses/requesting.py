"""Another address for a verified account: it waits until the new mailbox is proven."""

from allauth.account.models import EmailAddress

from accounts.addresses.change import call_off_change, refuse_while_changing
from accounts.addresses.links import promise_link
from accounts.addresses.verification import link_kind
from accounts.emails import canonical_email
from accounts.errors import SameEmail
from accounts.locks import lock_user
from accounts.mail import enqueue_mail, link
from accounts.mail_limits import digest, limit_mail
from accounts.models import User
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.transactions import transaction_required


@flow("accounts.request_email_change")
def request_email_change(*, user: User, email: str, by: Actor, operation: str = "") -> None:
    """Keep the old address until the new one is proven, and tell the old one that it was asked.

    Raises:
        SameEmail: there is nothing to change.
        AddressIsChanging: nothing was changed.
        MailedAMomentAgo: nothing was changed.
        AlreadyDone: this very submission was committed before.
    """
    email = canonical_email(email)
    claim_operation(operation and f"{operation}:{user.uid}:{digest(email)}")
    user = lock_user(user)
    if email == user.email:
        raise SameEmail
    refuse_while_changing(user)
    limit_mail("verify", email)
    forget_waiting_addresses(user)
    address = EmailAddress.objects.create(user=user, email=email, primary=False)
    promise_link(address, link_kind(user))
    _promise_notice(user, address)
    audit("accounts.email_change_requested", by=by, subject=user)


@flow("accounts.cancel_email_change")
def cancel_email_change(*, user: User, by: Actor) -> bool:
    """Stay with the old address; the link to the new one dies. False when nothing waited, or it is
    the account's address by now.
    """
    user = lock_user(user)
    cancelled = keep_the_address(user, by=by)
    audit("accounts.email_change_cancelled", by=by, subject=user)
    return cancelled


@transaction_required
def keep_the_address(user: User, *, by: Actor) -> bool:
    """What is about to become the account's address no longer is. Whether there was any."""
    return any([forget_waiting_addresses(user), call_off_change(user, by=by)])


@transaction_required
def forget_waiting_addresses(user: User) -> bool:
    waiting = EmailAddress.objects.filter(user=user, primary=False, verified=False)
    return bool(waiting.delete()[0])


def _promise_notice(user: User, address: EmailAddress) -> None:
    enqueue_mail(
        "email_change_requested",
        to=user.email,
        key=f"email_change_requested:{user.uid}:{address.pk}",
        context={"new_email": address.email, "reset_link": link("account_reset_password")},
        about=user,
    )
