"""Who plans along: ask somebody, take that back, come, go. Each is shown before it is done."""

from contextlib import suppress
from typing import cast
from uuid import UUID

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actors import acting
from accounts.billing.usage import LimitReached
from accounts.errors import AccountError, LinkNoLongerValid, MailedAMomentAgo
from accounts.forms import ConfirmForm, GivingUpForm, InviteForm
from accounts.invitations import (
    AlreadyTwo,
    InvitationEnded,
    OwnAddress,
    PlansNoWedding,
    VerifyFirst,
    find_invitation,
    invite,
    withdraw_invitation,
)
from accounts.membership import (
    AlreadyTheirs,
    HoldsWork,
    LeaveFirst,
    NothingToLeave,
    join_wedding,
    leave_wedding,
)
from accounts.membership_facts import coming, going, together, who_asks
from accounts.models import Invitation, User
from integrity.flows import AlreadyDone

SENT = "The invitation is on its way."
WITHDRAWN = "The invitation is taken back. Its link doesn't work any more."
TOGETHER = "You plan together now."
LEFT = "You have a new wedding of your own."
# Of the address that was typed, and of everything else.
ABOUT_THE_ADDRESS = (MailedAMomentAgo, OwnAddress)
NOT_SENT = (PlansNoWedding, VerifyFirst, AlreadyTwo, LimitReached)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="invite")
def partner(request: HttpRequest) -> HttpResponse:
    """Who plans along, or the form to ask somebody."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _invited(request, **form.cleaned_data)
        except ABOUT_THE_ADDRESS as error:
            form.add_error("email", str(error))
        except NOT_SENT as error:
            form.add_error(None, str(error))
    try:
        facts = together(_user(request))
    except PlansNoWedding:
        return redirect("accounts_home")
    context = {"facts": facts, "form": form, "again": ConfirmForm(auto_id=False)}
    return render(request, "accounts/partner.html", context)


@login_required
@require_POST
@rate_limit(action="invite")
def again(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same address gets another link; the first one dies."""
    form = ConfirmForm(request.POST)
    form.is_valid()
    try:
        return _invited(request, email=_address_of(request, uid), **form.cleaned_data)
    except (InvitationEnded, *ABOUT_THE_ADDRESS, *NOT_SENT) as error:
        return _told(request, error)


@login_required
@require_POST
@rate_limit(action="change_membership")
def withdraw(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = _user(request)
    try:
        withdraw_invitation(user=user, invitation=_invitation(request, uid), by=acting(user))
    except InvitationEnded as error:
        return _told(request, error)
    messages.success(request, WITHDRAWN)
    return redirect("accounts_partner")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="change_membership")
def go(request: HttpRequest) -> HttpResponse:
    """To a wedding of one's own. What becomes of the old one is said first."""
    form = GivingUpForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid() and _has_gone(request, form):
            messages.success(request, LEFT)
            return redirect("onboarding_home")
        facts = going(_user(request))
    except (PlansNoWedding, NothingToLeave) as error:
        return _told(request, error)
    return render(request, "accounts/leave_wedding.html", {"facts": facts, "form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def come(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in an invitation leads to. Looking changes nothing: scanners follow links."""
    try:
        if request.user.is_authenticated:
            response: HttpResponse = _come(request, token)
            return response
        # Whoever isn't logged in is led back here afterwards.
        context = {"who": who_asks(find_invitation(token)), "here": request.path}
    except (PlansNoWedding, AlreadyTheirs) as error:
        return _told(request, error)
    except LinkNoLongerValid:
        return render(request, "accounts/invitation_ended.html")
    return render(request, "accounts/invited.html", context)


@rate_limit(action="change_membership")
def _come(request: HttpRequest, token: str) -> HttpResponse:
    form = GivingUpForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _has_come(request, token, form):
        messages.success(request, TOGETHER)
        return redirect("onboarding_home")
    facts = coming(_user(request), find_invitation(token))
    return render(request, "accounts/join.html", {"facts": facts, "form": form})


def _has_come(request: HttpRequest, token: str, form: GivingUpForm) -> bool:
    """A double click has, too."""
    user = _user(request)
    try:
        join_wedding(user=user, token=token, by=acting(user), **form.cleaned_data)
    except AlreadyDone:
        pass
    except LeaveFirst:
        return False
    except HoldsWork as error:
        form.add_error("closes_work", str(error))
        return False
    return True


def _has_gone(request: HttpRequest, form: GivingUpForm) -> bool:
    user = _user(request)
    try:
        leave_wedding(user=user, by=acting(user), **form.cleaned_data)
    except AlreadyDone:
        pass
    except HoldsWork as error:
        form.add_error("closes_work", str(error))
        return False
    return True


def _invited(request: HttpRequest, *, email: str, operation: str) -> HttpResponse:
    user = _user(request)
    with suppress(AlreadyDone):
        invite(user=user, email=email, by=acting(user), operation=operation)
    messages.success(request, SENT)
    return redirect("accounts_partner")


def _invitation(request: HttpRequest, uid: UUID) -> Invitation:
    return get_object_or_404(Invitation, uid=uid, wedding__members__user=_user(request))


def _address_of(request: HttpRequest, uid: UUID) -> str:
    email = _invitation(request, uid).email
    if not email:
        raise InvitationEnded
    return email


def _told(request: HttpRequest, error: AccountError) -> HttpResponse:
    messages.warning(request, str(error))
    return redirect("accounts_partner")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
