"""The couple's plan: what is true now, buy premium, let it end, take that back."""

from typing import Any, cast

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import acting
from accounts.billing.carrying_out import PAID
from accounts.billing.plan import (
    AlreadyPremium,
    NoSubscription,
    NotForSale,
    OneAtATime,
    OnlyForCouples,
    buy_premium,
    change_renewal,
)
from accounts.billing.plan_facts import plan_facts
from accounts.billing.prices import in_words
from accounts.errors import AccountError
from accounts.forms import ConfirmForm
from accounts.models import Kind, User
from integrity.flows import AlreadyDone

# The page asks again by itself so often; after that, whoever looks reloads it.
MOST_ASKED = 30
# What a visitor may be told in the words of the error.
REFUSALS = (NotForSale, OnlyForCouples, AlreadyPremium, OneAtATime, NoSubscription)


@login_required
@never_cache
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """The state's part of it is asked for again and again while something is on its way."""
    if not _plans_a_wedding(request):
        return redirect("accounts_home")
    asked, came_back = _number(request.GET.get("asked")), request.GET.get("back") == PAID
    facts = plan_facts(_user(request), came_back=came_back)
    context = {
        "facts": facts,
        "price": in_words(facts.price),
        "form": ConfirmForm(),
        "next": {"asked": asked + 1, "back": PAID if came_back else None},
        "asks_again": facts.is_on_its_way and asked < MOST_ASKED,
    }
    return render(request, "accounts/plan.html", context)


@login_required
@require_POST
@rate_limit(action="change_plan")
def buy(request: HttpRequest) -> HttpResponse:
    return _asked(request, buy_premium)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="change_plan")
def cancel(request: HttpRequest) -> HttpResponse:
    """Asked once more: by a page that says what will be lost, and when."""
    if request.method == "POST":
        return _asked(request, change_renewal, renews=False)
    facts = plan_facts(_user(request)) if _plans_a_wedding(request) else None
    if facts is None or not facts.may_be_cancelled:
        return redirect("accounts_plan")
    return render(request, "accounts/plan_cancel.html", {"facts": facts, "form": ConfirmForm()})


@login_required
@require_POST
@rate_limit(action="change_plan")
def keep(request: HttpRequest) -> HttpResponse:
    return _asked(request, change_renewal, renews=True)


def _asked(request: HttpRequest, flow: Any, **how: bool) -> HttpResponse:
    """A double click is one intent: its form carries the same id."""
    form, user = ConfirmForm(request.POST), _user(request)
    form.is_valid()
    try:
        flow(user=user, by=acting(user), operation=form.cleaned_data["operation"], **how)
    except AlreadyDone:
        pass
    except REFUSALS as error:
        _tell(request, error)
    return redirect("accounts_plan")


def _tell(request: HttpRequest, error: AccountError) -> None:
    messages.warning(request, str(error))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 4 else 0


def _plans_a_wedding(request: HttpRequest) -> bool:
    user = _user(request)
    return user.kind == Kind.COUPLE and hasattr(user, "membership")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
