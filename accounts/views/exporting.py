"""A copy of all that we have of somebody: ask for it, look how far it is, and take it."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, cast

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts.actors import acting
from accounts.exporting.copies import (
    IsSealed,
    NoExport,
    OftenEnough,
    OnlyCouplesExport,
    ask_for_export,
    content_of,
    ready_export,
)
from accounts.exporting.facts import export_facts
from accounts.forms import ExportForm
from accounts.models import Export, User
from accounts.views.password_again import PasswordAgainView
from integrity.flows import AlreadyDone
from integrity.sealed import UnreadableSeal

# The page asks again by itself so often; after that, whoever looks reloads it.
MOST_ASKED = 60
UNREADABLE = (
    "The copy can't be opened any more, because a key of ours was changed. Ask for another one; it is"
    " made anew."
)


@method_decorator(login_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
@method_decorator(rate_limit(action="export"), name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class ExportView(PasswordAgainView):
    template_name = "accounts/export.html"
    form_class = ExportForm

    def form_valid(self, form: ExportForm) -> HttpResponse:
        operation = form.cleaned_data["operation"]
        try:
            ask_for_export(user=self.user, by=acting(self.user), operation=operation)
        except (IsSealed, OftenEnough, OnlyCouplesExport) as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        except AlreadyDone:
            pass
        return redirect("accounts_export")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts, asked = export_facts(self.user), _number(self.request.GET.get("asked"))
        return super().get_context_data(**kwargs) | {
            "facts": facts,
            "next": asked + 1,
            "asks_again": facts.is_on_its_way and asked < MOST_ASKED,
        }


@login_required
@never_cache
@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """Theirs alone: it is named by nothing but who is logged in."""
    export = ready_export(cast(User, request.user))
    if export is None:
        return _refused(request, str(NoExport()))
    try:
        content = _begun(export)
    except UnreadableSeal:
        return _refused(request, UNREADABLE)
    answer = StreamingHttpResponse(content, content_type="application/zip")
    # What breaks off is shorter than that, and the browser says so.
    answer["Content-Length"] = str(export.size)
    made = f"{export.ready_at:%Y-%m-%d}"
    answer["Content-Disposition"] = f'attachment; filename="everafter-{made}.zip"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _begun(export: Export) -> Iterator[bytes]:
    """Its first piece is read while a page can still be shown instead."""
    content = content_of(export)
    return chain([next(content, b"")], content)


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    messages.warning(request, why)
    return redirect("accounts_export")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 4 else 0
