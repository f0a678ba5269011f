"""The stage of a log-in that waits for a proven address."""

from allauth.account.stages import EmailVerificationStage
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.addresses.verification import is_verified


class VerificationStage(EmailVerificationStage):
    """Where a sign-up waits. Its mail was promised with the account, in its transaction.

    A sign-up with a known address comes here without a user, and is shown the same.
    """

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if user is not None and is_verified(user):
            return None, True
        return redirect("account_email_verification_sent"), True
