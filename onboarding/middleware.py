"""Until the wizard is finished, every page of a couple leads back to it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts.models import Kind

# Their account, log-out, the wizard itself, and the demo's mails.
_OPEN = ("account_", "accounts_", "mfa_", "onboarding_step", "onboarding_draft", "demo_")


class WizardFirst:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if _is_open(request):
            return None
        user = request.user
        if not user.is_authenticated or user.kind != Kind.COUPLE:
            return None
        profile = user.profile
        if profile.onboarded_at is not None:
            return None
        return redirect("onboarding_step", profile.step + 1)


def _is_open(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return True
    return "admin" in match.app_names or (match.url_name or "").startswith(_OPEN)
