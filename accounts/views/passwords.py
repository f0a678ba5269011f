"""A forgotten password, and a new one."""

from typing import Any

from allauth.account import views
from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.actors import acting
from accounts.errors import PasswordChangedMeanwhile
from accounts.forms import NewPasswordForm, PasswordChangeForm, PasswordResetForm
from accounts.passwords import set_password
from integrity.flows import AlreadyDone

CHANGED = "Your password is changed. Wherever else you were logged in, you no longer are."
CHANGED_ELSEWHERE = "Your password was changed elsewhere a moment ago. Log in with that one."


class PasswordResetView(views.PasswordResetView):
    def get_form_class(self) -> type[PasswordResetForm]:
        return PasswordResetForm


class PasswordResetFromKeyView(views.PasswordResetFromKeyView):
    def get_form_class(self) -> type[NewPasswordForm]:
        return NewPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        del kwargs["temp_key"]
        return kwargs

    def logout(self) -> None:
        """Of whoever else is logged in here, but not by their looking at a link."""
        if self.request.method == "POST":
            super().logout()

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        if not _replace_password(form):
            failed: HttpResponse = self.render_to_response(self.get_context_data(token_fail=True))
            return failed
        # Whoever reads the mailbox may log in at once, however often it was tried before.
        get_adapter()._delete_login_attempts_cached_email(self.request, email=form.user.email)
        return redirect("account_reset_password_from_key_done")


class PasswordChangeView(views.PasswordChangeView):
    def get_form_class(self) -> type[NewPasswordForm]:
        return PasswordChangeForm

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        if not _replace_password(form):
            messages.warning(self.request, CHANGED_ELSEWHERE)
            return redirect("account_login")
        # Every session ended with the old password; this one goes on under a new key.
        update_session_auth_hash(self.request, form.user)
        messages.success(self.request, CHANGED)
        return redirect("accounts_home")


class PasswordSetView(views.PasswordSetView):
    """For somebody who is logged in without having a password: a link in a mail let them in."""

    def get_form_class(self) -> type[NewPasswordForm]:
        return NewPasswordForm

    form_valid = PasswordChangeView.form_valid


def _replace_password(form: NewPasswordForm) -> bool:
    """False when another password holds than the one in the form."""
    user = form.user
    try:
        set_password(user=user, password_hash=form.password_hash, by=acting(user))
    except PasswordChangedMeanwhile:
        return False
    except AlreadyDone:
        user.refresh_from_db()
        return user.check_password(form.cleaned_data["password1"])
    user.refresh_from_db()
    return True
