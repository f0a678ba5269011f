"""Sign-up. Whoever asks, and whatever is known, the answer is the page to wait for a mail."""

from contextlib import suppress

from allauth.account import views
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.http import HttpResponse

from accounts.actors import VISITOR
from accounts.addresses.verification import is_verified
from accounts.errors import EmailTaken, MailedAMomentAgo
from accounts.forms import SignupForm
from accounts.models import User
from accounts.signup import remind_of_account
from integrity.flows import AlreadyDone


class SignupView(views.SignupView):
    def form_valid(self, form: SignupForm) -> HttpResponse:
        """The account is committed before the log-in begins, whose stages write to the session."""
        email = form.cleaned_data["email"]
        login = Login(email=email, signup=True, redirect_url=self.get_success_url())
        try:
            login.user = form.save(self.request)
        except AlreadyDone:
            login.user = _who_did_it(form)
        except EmailTaken:
            with suppress(MailedAMomentAgo):
                remind_of_account(email=email, by=VISITOR)
        if login.user is None:
            # Should the address turn out to be mistyped, the account is made for the right one.
            login.state["password_hash"] = form.password_hash
        response: HttpResponse = perform_login(self.request, login)
        return response


def _who_did_it(form: SignupForm) -> User | None:
    """The account that the first click made: only its password proves that it's the same person."""
    user = User.objects.filter(email=form.cleaned_data["email"]).first()
    if user is None or is_verified(user) or not user.check_password(form.cleaned_data["password1"]):
        return None
    return user
