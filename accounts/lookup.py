"""Find an account by what people have at hand, and hold it while its parts change."""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError

from accounts.emails import canonical_email
from accounts.errors import IsLeaving, SeveralWait, UserNotFound
from accounts.models import User
from integrity.transactions import transaction_required


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


@transaction_required
def lock_user(user: User) -> User:
    """The user as it is now, held until COMMIT: the first lock of every flow about one account.

    Raises:
        UserNotFound: it is gone.
        IsLeaving: it is to be deleted, and until then nothing of it changes.
    """
    held = hold_user(user)
    if held.leaving_since is not None:
        raise IsLeaving
    return held


@transaction_required
def hold_user(user: User) -> User:
    """The same lock, for what goes on while the account is to be deleted: what vendors tell of it,
    and the deletion itself.

    Raises:
        UserNotFound: it is gone.
    """
    try:
        return User.objects.select_for_update(no_key=True).get(pk=user.pk)
    except User.DoesNotExist:
        raise UserNotFound from None
