"""The stage of a log-in that waits for a proven address."""

from contextlib import suppress

from allauth.account.stages import EmailVerificationStage
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.actors import acting
from accounts.errors import MailedAMomentAgo, NothingToVerify
from accounts.verification import is_verified, resend_verification


class VerificationStage(EmailVerificationStage):
    """Sends no mail at a sign-up: that was promised with the account, in its transaction.

    A sign-up with a known address comes here without a user, and is shown the same.
    """

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if user is not None and is_verified(user):
            return None, True
        if user is not None and not self.login.signup:
            with suppress(MailedAMomentAgo, NothingToVerify):
                resend_verification(user=user, by=acting(user))
        return redirect("account_email_verification_sent"), True
