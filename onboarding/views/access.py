"""Pages of a couple: signed in, and not an operator."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import Kind, User

P = ParamSpec("P")


class CoupleRequest(HttpRequest):
    """A request whose user is signed in."""

    user: User


CoupleView = Callable[Concatenate[CoupleRequest, P], HttpResponseBase]


def couple_required(view: CoupleView[P]) -> Callable[..., HttpResponseBase]:
    """Operators are led to the admin. Nothing is cached: Back asks for what is saved now."""

    @never_cache
    @login_required
    @wraps(view)
    def wrapper(request: CoupleRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.kind != Kind.COUPLE:
            return redirect("admin:index")
        return view(request, *args, **kwargs)

    return wrapper
