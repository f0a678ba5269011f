"""The account page, and the choice that is made on it."""

from contextlib import suppress
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import acting
from accounts.elsewhere.contact import choose_news, wants_news
from accounts.forms import NewsForm
from accounts.membership_facts import partner_of
from accounts.models import User
from integrity.flows import AlreadyDone

NEWS = {
    True: "You get our news again.",
    False: "You are unsubscribed. Mails about your account itself still reach you.",
}
NOT_UNDERSTOOD = "Nothing was changed. Choose once more."


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    wanted = wants_news(user)
    form = NewsForm(initial={"wanted": "no" if wanted else "yes"})
    context = {"wants_news": wanted, "news": form, "partner": partner_of(user)}
    return render(request, "accounts/home.html", context)


@login_required
@require_POST
def news(request: HttpRequest) -> HttpResponse:
    user, form = cast(User, request.user), NewsForm(request.POST)
    if not form.is_valid():
        messages.warning(request, NOT_UNDERSTOOD)
        return redirect("accounts_home")
    with suppress(AlreadyDone):
        choose_news(user=user, by=acting(user), **form.cleaned_data)
    messages.success(request, NEWS[wants_news(user)])
    return redirect("accounts_home")
