"""Delete the account, look how far that is, and keep it after all."""

from typing import Any

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import VISITOR, acting
from accounts.errors import IsLeaving
from accounts.forms import LeavingForm
from accounts.leaving.deletion import (
    IsLookedAt,
    NotPutBackYet,
    NotToBeDeleted,
    TooLate,
    deletion_by,
    deletion_of,
    has_partner,
    leave,
    stay,
    token_of,
)
from accounts.leaving.facts import leaving_facts
from accounts.views.password_again import PasswordAgainView
from integrity.flows import AlreadyDone
from integrity.models import Saga


@method_decorator(login_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
@method_decorator(rate_limit(action="leave"), name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class DeleteView(PasswordAgainView):
    template_name = "accounts/delete.html"
    form_class = LeavingForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"has_partner": has_partner(self.user)}

    def form_valid(self, form: LeavingForm) -> HttpResponse:
        user = self.user
        try:
            deletion: Saga | None = leave(
                user=user,
                wish=form.wish,
                by=acting(user),
                operation=form.cleaned_data["operation"],
            )
        except NotPutBackYet as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        except (AlreadyDone, IsLeaving):
            deletion = deletion_of(user)
        # Its session is worth nothing any more, so the browser forgets it as well.
        logout(self.request)
        return _to_status(deletion) if deletion else redirect("account_login")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"has_partner": has_partner(self.user)}


@never_cache
@require_safe
def status(request: HttpRequest, token: str) -> HttpResponse:
    """For whoever has the link: it was shown and mailed to them, and needs no log-in."""
    deletion = _found(token)
    context = {"facts": leaving_facts(deletion), "token": token}
    answer = render(request, "accounts/leaving.html", context)
    # The link opens the page, so no other site gets to know it. With "no-referrer" the page's own
    # form would have no origin either, and be refused.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


@require_POST
@rate_limit(action="leave")
def keep(request: HttpRequest, token: str) -> HttpResponse:
    deletion = _found(token)
    try:
        stay(deletion=deletion.uid, by=VISITOR)
    except (IsLookedAt, NotToBeDeleted, TooLate) as error:
        messages.warning(request, str(error))
    return _to_status(deletion)


def _found(token: str) -> Saga:
    deletion = deletion_by(token)
    if deletion is None:
        raise Http404
    return deletion


def _to_status(deletion: Saga) -> HttpResponse:
    return redirect("accounts_leaving", token_of(deletion.uid))
