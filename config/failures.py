"""What a visitor is told when a write was refused or nobody knows: what is true now."""

import logging
import sys
from collections.abc import Callable, Mapping

from django.core.signals import got_request_exception
from django.db import Error, IntegrityError, connection
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from accounts.errors import IsLeaving, named_violation
from accounts.failures import remember
from integrity.flows import Busy
from integrity.log import log_event
from integrity.sqlstate import sqlstate
from integrity.transactions import CommitNotConfirmed

logger = logging.getLogger(__name__)
UNIQUE_VIOLATION = "23505"
RETRY_AFTER = "2"
# What the database refused to let go by, in words for whoever asked: "a promise: ...".
PROMISES = {
    "accounts_user_has_a_profile": "every account has a profile.",
    "profile_follows_user": "every account has a profile.",
    "profile_follows_addresses": "the profile knows the account's address.",
    "accounts_couple_has_a_wedding": "every couple has a wedding.",
    "accounts_user_goes_by_its_tombstone": "an account leaves every system, or none.",
    "accounts_open_wedding_has_a_member": "every wedding belongs to somebody.",
    "accounts_wedding_has_stats": "every wedding has its counts.",
    "accounts_profile_step_goes_forward": "a finished step stays finished.",
    "onboarding_interests_count": "a couple has three to ten interests.",
}


class HonestFailures:
    """One place for all views: none of them catches what it can't answer better."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match exception:
            case Busy():
                return _busy(request, exception)
            case CommitNotConfirmed():
                return _not_confirmed(request)
            case IsLeaving():
                return _page(request, "errors/leaving.html", status=409)
            case Error() if name := named_violation(exception):
                return _refused(request, exception, name)
        return None


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's own has no request, and so no number to give to support."""
    return render(request, "500.html", status=500)


def _busy(request: HttpRequest, busy: Busy) -> HttpResponse:
    _log(request, logging.WARNING, "request.busy", flow=busy)
    response = _page(request, "503.html", status=503)
    response["Retry-After"] = RETRY_AFTER
    return response


def _not_confirmed(request: HttpRequest) -> HttpResponse:
    _log(request, logging.ERROR, "request.not_confirmed", do="look whether it is there")
    return _page(request, "errors/not_confirmed.html", status=503, context={"url": request.path})


def _refused(request: HttpRequest, error: Error, name: str) -> HttpResponse:
    """A rival was faster, which is a conflict; or a promise would have been broken, our fault."""
    conflict = isinstance(error, IntegrityError) and sqlstate(error) == UNIQUE_VIOLATION
    _log(
        request,
        logging.WARNING if conflict else logging.ERROR,
        "database.refused",
        promise=name,
        sqlstate=sqlstate(error),
        do="manage.py integrity check",
    )
    if conflict:
        return _page(request, "409.html", status=409)
    context = {"promise": PROMISES.get(name, "")}
    return _page(request, "errors/refused.html", status=500, context=context)


def _log(request: HttpRequest, level: int, event: str, **fields: object) -> None:
    # The page's name, not its path: a path may carry a key that opens something.
    match = request.resolver_match
    log_event(logger, level, event, page=match.view_name if match else "", **fields)
    _remember(request, event, str(fields.get("promise", fields.get("flow", ""))))


@receiver(got_request_exception, dispatch_uid="config.failures")
def remember_crash(sender: object, request: HttpRequest | None = None, **kwargs: object) -> None:
    kind = sys.exc_info()[0]
    if request is not None and kind is not None:
        _remember(request, "request.failed", kind.__name__)


def _remember(request: HttpRequest, event: str, error: str) -> None:
    connection.close_if_unusable_or_obsolete()
    remember(request, event=event, error=error)


def _page(
    request: HttpRequest, template: str, *, status: int, context: Mapping[str, object] | None = None
) -> HttpResponse:
    # The page greets whoever is logged in, for which a lost connection is of no use.
    connection.close_if_unusable_or_obsolete()
    response = render(request, template, context, status=status)
    # Said above, and without the path.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
