"""Find an account by what people have at hand, and hold it while its parts change."""

from uuid import UUID

from django.core.exceptions import ValidationError

from accounts.emails import canonical_email
from accounts.errors import UserNotFound
from accounts.models import User
from integrity.transactions import transaction_required


def find_user(text: str) -> User:
    """By e-mail address or by the public id, which is also the support id.

    Raises:
        UserNotFound: there is none.
    """
    try:
        if "@" in text:
            return User.objects.get(email=canonical_email(text))
        return User.objects.get(uid=UUID(text.strip()))
    except (User.DoesNotExist, ValidationError, ValueError):
        raise UserNotFound from None


@transaction_required
def lock_user(user: User) -> User:
    """The user as it is now, held until COMMIT: the first lock of every flow about one account.

    Raises:
        UserNotFound: it is gone.
    """
    try:
        return User.objects.select_for_update(no_key=True).get(pk=user.pk)
    except User.DoesNotExist:
        raise UserNotFound from None
