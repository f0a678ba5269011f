"""Find an account by what people have at hand, and whose an address is."""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.emails import canonical_email
from accounts.errors import SeveralWait, UserNotFound
from accounts.models import User


def find_user(text: str) -> User:
    """By e-mail address or by the public id, which is also the support id.

    An address that nobody has yet finds who waits for it: they call it theirs.

    Raises:
        UserNotFound: there is none.
        SeveralWait: nobody has the address, and more than one account waits for it.
    """
    try:
        if "@" in text:
            email = canonical_email(text)
            return User.objects.filter(email=email).first() or _who_waits_for(email)
        return User.objects.get(uid=UUID(text.strip()))
    except (User.DoesNotExist, ValidationError, ValueError):
        raise UserNotFound from None


def _who_waits_for(email: str) -> User:
    waiting = EmailAddress.objects.filter(email=email).values("user")
    users = list(User.objects.filter(pk__in=waiting).order_by("pk"))
    if len(users) > 1:
        raise SeveralWait(user.uid for user in users)
    if not users:
        raise UserNotFound
    return users[0]


def on_its_way(user: User) -> "QuerySet[EmailAddress]":
    """The address that is proven and not yet the account's; at most one."""
    promised: QuerySet[EmailAddress] = EmailAddress.objects.filter(
        user=user, verified=True, primary=False
    )
    return promised


def is_somebodys(email: str, *, but: User) -> bool:
    """Whether another account has this address, or is about to."""
    promised = EmailAddress.objects.filter(email=email, verified=True).values("user")
    having = User.objects.filter(Q(email=email) | Q(pk__in=promised))
    return having.exclude(pk=but.pk).exists()


def is_promised(email: str) -> bool:
    """Whether somebody has proven it, and is about to have it."""
    return bool(EmailAddress.objects.filter(email=email, verified=True, primary=False).exists())
