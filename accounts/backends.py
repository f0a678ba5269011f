"""Who may log in: the account whose own address it is, however it was typed."""

from allauth.account.auth_backends import AuthenticationBackend
from django.core.exceptions import ValidationError

from accounts.emails import canonical_email
from accounts.models import User


class EmailBackend(AuthenticationBackend):
    """An address that only waits to be proven opens nothing, unlike in allauth's own backend.

    The rest of the parent hashes a password for unknown addresses, too, so that both take as long.
    """

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        try:
            user = User.objects.filter(email=canonical_email(email)).first()
        except ValidationError:
            return None
        checked: User | None = self._check_password(user, password)
        return checked
