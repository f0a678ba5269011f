"""Remember a request that failed, so that the id on its error page leads somewhere."""

import logging
from typing import Any
from uuid import UUID

from django.db import Error, connection
from django.http import HttpRequest

from accounts.models import FailedRequest
from integrity.log import log_event
from integrity.retention import Expiring, expiring

logger = logging.getLogger(__name__)


def remember(request: HttpRequest, *, event: str, error: str = "") -> None:
    """Never fails: the request has done so already, and its log line is written.

    Args:
        event: as the log line is named.
        error: a name, never an error's text: that may quote a row.
    """
    name: str = getattr(request, "request_id", "")
    if not name or connection.in_atomic_block:
        return
    try:
        FailedRequest.objects.bulk_create(
            [_row(request, name, event, error)], ignore_conflicts=True
        )
    except Error as second:
        log_event(logger, logging.WARNING, "request.not_remembered", error=type(second).__name__)


def _row(request: HttpRequest, name: str, event: str, error: str) -> FailedRequest:
    match = request.resolver_match
    return FailedRequest(
        request_id=name,
        page=match.view_name if match else "",
        event=event,
        error=error,
        user=_uid(request),
    )


def _uid(request: HttpRequest) -> UUID | None:
    user: Any = getattr(request, "user", None)
    uid: UUID | None = getattr(user, "uid", None)
    return uid


expiring.append(Expiring("failed requests", lambda cut: FailedRequest.objects.filter(at__lt=cut)))
