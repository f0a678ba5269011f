"""Whoever is leaving reaches the page that tells how far it is, and may take a copy with them. Whoever's
address has changed in the background goes on in the browser that has confirmed it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from accounts.addresses.following import catch_up
from accounts.leaving.deletion import deletion_of, token_of

_OPEN = {
    *("accounts_leaving", "accounts_staying", "account_logout"),
    *("accounts_export", "accounts_export_download"),
}


class LeavingFirst:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        catch_up(request.session)
        match, user = request.resolver_match, request.user
        if match is None or match.url_name in _OPEN or not user.is_authenticated:
            return None
        if user.leaving_since is None:
            return None
        deletion = deletion_of(user)
        if deletion is None:
            return render(request, "errors/leaving.html", status=409)
        return redirect("accounts_leaving", token_of(deletion.uid))
