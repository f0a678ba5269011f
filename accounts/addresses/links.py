"""The links that prove a mailbox, and the mails that carry them."""

from datetime import timedelta

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import signing

from accounts.lookup import is_promised, is_somebodys
from accounts.mail import enqueue_mail, link
from accounts.mail_limits import digest
from accounts.models import User
from integrity.transactions import transaction_required


@transaction_required
def promise_link(address: EmailAddress, kind: str = "verify") -> None:
    """Promise the link to an unverified address; its owner's account gets a reminder instead.

    Whoever asked sees the same either way. The unique address decides at the end, so that a race
    between this look and the click changes nothing.
    """
    if is_somebodys(address.email, but=address.user):
        promise_account_exists(address.email)
    else:
        promise_verification(address, kind)


@transaction_required
def promise_verification(address: EmailAddress, kind: str = "verify") -> None:
    enqueue_mail(
        kind,
        to=address.email,
        key=f"{kind}:{address.user.uid}:{address.pk}",
        context={
            "link": link("account_confirm_email", EmailConfirmationHMAC(address).key),
            "days": app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS,
        },
        about=address.user,
    )


@transaction_required
def promise_account_exists(email: str) -> None:
    enqueue_mail(
        "account_exists",
        to=email,
        key=f"account_exists:{digest(email)}",
        context={
            "login_link": link("account_login"),
            "reset_link": link("account_reset_password"),
            "is_promised": is_promised(email),
            "is_closed": User.objects.filter(email=email, is_active=False).exists(),
        },
    )


def address_of(key: str) -> EmailAddress | None:
    """The address that a link is about, if the link is ours and in time, even if it was used."""
    return _read(key, max_age=timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS))


def address_of_old(key: str) -> EmailAddress | None:
    """The address that a link of ours was about, however old it is."""
    return _read(key, max_age=None)


def _read(key: str, *, max_age: timedelta | None) -> EmailAddress | None:
    try:
        pk = signing.loads(key, salt=app_settings.SALT, max_age=max_age)
    except signing.BadSignature:
        return None
    return EmailAddress.objects.select_related("user").filter(pk=pk).first()
