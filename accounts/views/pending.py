"""The log-in that waits in the session until an address is proven."""

from typing import cast

from allauth.account.internal.stagekit import stash_login, unstash_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage, LoginStageController
from django.http import HttpRequest

from accounts.models import User
from accounts.stages import VerificationStage


def pending_login(request: HttpRequest) -> Login | None:
    """None without one, and for somebody who is logged in.

    Its user is None after a sign-up with an address that somebody had: that is the only place
    where the difference is known, and no answer may depend on it.
    """
    if request.user.is_authenticated:
        return None
    login = unstash_login(request, peek=True)
    return login if login and (login.user or login.signup) else None


def keep_pending(request: HttpRequest, login: Login) -> None:
    stash_login(request, login)


def pending_address(login: Login) -> str:
    user = cast(User | None, login.user)
    return login.email or (user.email if user else "")


def stage_of(request: HttpRequest, user: User) -> LoginStage | None:
    """This browser's log-in of this very user, if it waits for nothing but the address."""
    stage: LoginStage | None = LoginStageController.enter(request, VerificationStage.key)
    waits = stage and stage.login.user and stage.login.user.pk == user.pk
    return stage if waits else None
