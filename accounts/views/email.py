"""The page of a proven account's address: change it, ask for the link again, keep the old one."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts.actors import acting
from accounts.addresses.change import change_facts
from accounts.addresses.requesting import cancel_email_change, request_email_change
from accounts.addresses.verification import resend_verification, waiting_address
from accounts.errors import AddressIsChanging, MailedAMomentAgo, NothingToVerify
from accounts.forms import EmailChangeForm
from accounts.models import User
from integrity.flows import AlreadyDone

ASKED = "We have written to the new address. It counts once you have confirmed it there."
KEPT = "Your old address stays."
NOTHING_KEPT = "Nothing waited to be changed. This is the address that you log in with."


@method_decorator(login_required, name="dispatch")
@method_decorator(rate_limit(action="manage_email"), name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class EmailView(FormView):  # type: ignore[type-arg]
    template_name = "account/email_change.html"
    form_class = EmailChangeForm

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if "action_send" in self.request.POST:
            return self._send_again()
        if "action_remove" in self.request.POST:
            return self._keep_the_old_one()
        return super().post(*args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}

    def form_valid(self, form: EmailChangeForm) -> HttpResponse:
        try:
            request_email_change(
                user=self.user,
                email=form.cleaned_data["email"],
                by=acting(self.user),
                operation=form.cleaned_data["operation"],
            )
        except (AddressIsChanging, MailedAMomentAgo) as error:
            form.add_error("email", str(error))
            return self.form_invalid(form)
        except AlreadyDone:
            pass
        messages.success(self.request, ASKED)
        return redirect("account_email")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "current_emailaddress": EmailAddress.objects.get_primary(self.user) or self.user,
            "new_emailaddress": waiting_address(self.user),
            "change": change_facts(self.user),
        }

    def _send_again(self) -> HttpResponse:
        try:
            resend_verification(user=self.user, by=acting(self.user))
            messages.success(self.request, ASKED)
        except (MailedAMomentAgo, NothingToVerify) as error:
            messages.warning(self.request, str(error))
        return redirect("account_email")

    def _keep_the_old_one(self) -> HttpResponse:
        kept = cancel_email_change(user=self.user, by=acting(self.user))
        messages.info(self.request, KEPT if kept else NOTHING_KEPT)
        return redirect("account_email")
