"""Who may log in: the account whose own, proven address it is, however it was typed."""

from contextlib import suppress

from allauth.account.auth_backends import AuthenticationBackend
from django.core.exceptions import ValidationError

from accounts.actors import acting
from accounts.addresses.verification import is_verified, resend_verification
from accounts.emails import canonical_email
from accounts.errors import IsLeaving, MailedAMomentAgo, NothingToVerify
from accounts.models import User


class EmailBackend(AuthenticationBackend):
    """An address that only waits to be proven opens nothing, unlike in allauth's own backend.

    Were the right password of an unproven account told from a wrong one, signing up with an
    address and then logging in would tell who has an account. Its owner gets the link by mail.

    The rest of the parent hashes a password for unknown addresses, too, so that both take as long.
    """

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        try:
            user = User.objects.filter(email=canonical_email(email)).first()
        except ValidationError:
            return None
        checked: User | None = self._check_password(user, password)
        if checked is None or is_verified(checked):
            return checked
        with suppress(IsLeaving, MailedAMomentAgo, NothingToVerify):
            resend_verification(user=checked, by=acting(checked))
        return None
