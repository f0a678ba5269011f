"""The pages between sign-up and a proven address."""

from contextlib import suppress

from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows.logout import logout
from allauth.account.models import EmailAddress, Login
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import VISITOR, acting
from accounts.addresses.change import find_change
from accounts.addresses.following import follow
from accounts.addresses.links import address_of, address_of_old
from accounts.addresses.verification import (
    Confirmed,
    change_unverified_email,
    confirm_email,
    resend_verification,
)
from accounts.errors import (
    AddressIsChanging,
    AlreadyVerified,
    EmailTaken,
    LinkNoLongerValid,
    MailedAMomentAgo,
    NothingToVerify,
)
from accounts.forms import AddressForm, ConfirmForm
from accounts.lookup import on_its_way
from accounts.models import User
from accounts.passwords import reset_proof
from accounts.signup import remind_of_account, sign_up_after_all
from accounts.views.pending import keep_pending, pending_address, pending_login, stage_of
from integrity.flows import AlreadyDone

SENT = "The mail is on its way."
SENT_IF_WAITING = "If that address still waits to be confirmed, a new link is on its way to it."
MOVES = (
    "Thank you, your address is confirmed. We are moving your account to it: in a moment you log in"
    " with it, and until then with the old one."
)
LOG_IN_TO_CHANGE = "Your address is confirmed. Log in, and you can change it on the account page."


@login_not_required
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("accounts_home")
    login = pending_login(request)
    return _waiting_page(request, login, AddressForm()) if login else redirect("account_login")


@login_not_required
@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    """By the log-in that waits in this browser, or by the link that no longer works."""
    if "key" in request.POST:
        return _resend_by_link(request, request.POST["key"])
    login = pending_login(request)
    if login is None:
        return redirect("account_login")
    try:
        _send_again(login)
        messages.success(request, SENT)
    except MailedAMomentAgo as error:
        messages.warning(request, str(error))
    return redirect("account_email_verification_sent")


@login_not_required
@rate_limit(action="signup")
@require_POST
def change_address(request: HttpRequest) -> HttpResponse:
    login = pending_login(request)
    if login is None:
        return redirect("account_login")
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _waiting_page(request, login, form)
    try:
        _change_address(login, **form.cleaned_data)
    except AlreadyVerified:
        messages.info(request, LOG_IN_TO_CHANGE)
        return redirect("account_login")
    except MailedAMomentAgo as error:
        messages.warning(request, str(error))
        return redirect("account_email_verification_sent")
    keep_pending(request, login)
    messages.success(request, SENT)
    return redirect("account_email_verification_sent")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Looking changes nothing: mail scanners follow links. The button does it."""
    address = address_of(key)
    if address is None:
        return _dead_link(request, key)
    if request.method == "POST":
        return _confirm(request, key, address)
    if address.verified:
        return _dead_link(request, key)
    context = {"can_confirm": True, "key": key, "email": address.email, "form": ConfirmForm()}
    return render(request, "account/email_confirm.html", context)


def _waiting_page(request: HttpRequest, login: Login, form: AddressForm) -> HttpResponse:
    context = {"email": pending_address(login), "form": form}
    return render(request, "account/verification_sent.html", context)


def _send_again(login: Login) -> None:
    """One mail, whether or not there is an account that waits."""
    try:
        if login.user is not None:
            return resend_verification(user=login.user, by=acting(login.user))
    except NothingToVerify:
        pass
    remind_of_account(email=pending_address(login), by=VISITOR)


def _change_address(login: Login, *, email: str, operation: str) -> None:
    """As if the sign-up had been made with this address in the first place."""
    with suppress(AlreadyDone):
        if login.user is None:
            _sign_up_after_all(login, email=email, operation=operation)
        else:
            change_unverified_email(
                user=login.user, email=email, by=acting(login.user), operation=operation
            )
    login.email = email


def _sign_up_after_all(login: Login, *, email: str, operation: str) -> None:
    password_hash = login.state["password_hash"]
    try:
        login.user = sign_up_after_all(
            email=email, password_hash=password_hash, by=VISITOR, operation=operation
        )
        del login.state["password_hash"]
    except EmailTaken:
        remind_of_account(email=email, by=VISITOR)


def _resend_by_link(request: HttpRequest, key: str) -> HttpResponse:
    address = address_of_old(key)
    if address:
        with suppress(MailedAMomentAgo):
            _send_new_link(address)
    messages.info(request, SENT_IF_WAITING)
    return redirect("account_login")


def _send_new_link(address: EmailAddress) -> None:
    try:
        resend_verification(user=address.user, by=VISITOR)
    except NothingToVerify:
        remind_of_account(email=address.email, by=VISITOR)


def _dead_link(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "account/email_confirm.html", {"can_confirm": False, "key": key})


def _confirm(request: HttpRequest, key: str, address: EmailAddress) -> HttpResponse:
    form = ConfirmForm(request.POST)
    user: User = address.user
    # Asked before the address changes: after that, this browser's session doesn't fit any more.
    logged_in_as = request.user.pk
    operation = form.cleaned_data["operation"] if form.is_valid() else ""
    try:
        confirmed = confirm_email(
            user=user, email=address.email, by=acting(user), operation=operation
        )
    except AlreadyDone:
        confirmed = _confirmed_before(user, address)
    except LinkNoLongerValid:
        return _dead_link(request, key)
    except AddressIsChanging as error:
        messages.warning(request, str(error))
        return redirect("account_confirm_email", key)
    if logged_in_as not in (None, user.pk):
        logout(request, show_message=False)
    if confirmed.moves_to:
        return _wait_for_the_move(request, confirmed)
    return _go_on(request, confirmed.user)


def _confirmed_before(user: User, address: EmailAddress) -> Confirmed:
    change = find_change(user)
    user.refresh_from_db()
    moves = on_its_way(user).filter(pk=address.pk).exists()
    return Confirmed(user, False, moves_to=address.email if moves else "", change=change)


def _wait_for_the_move(request: HttpRequest, confirmed: Confirmed) -> HttpResponse:
    if not request.user.is_authenticated:
        messages.success(request, MOVES)
        return redirect("account_login")
    if confirmed.change:
        follow(request.session, confirmed.user, change=confirmed.change, to=confirmed.moves_to)
    return redirect("account_email")


def _go_on(request: HttpRequest, user: User) -> HttpResponse:
    """To a first password, into the wizard, back to the account page, or to the log-in."""
    if not user.has_usable_password():
        whose, proof = reset_proof(user)
        return redirect("account_reset_password_from_key", uidb36=whose, key=proof)
    messages.success(request, "Thank you, your address is confirmed.")
    if request.user.is_authenticated:
        # Every session ended with the old address; this one goes on under a new key.
        update_session_auth_hash(request, user)
        return redirect("accounts_home")
    stage = stage_of(request, user)
    if stage is None:
        return redirect("account_login")
    response: HttpResponse = stage.exit()
    return response
