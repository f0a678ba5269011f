"""A name for every request: in its log lines, audit rows and answer, on its error page."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bound_contextvars

from integrity.audit import request_id as audited

HEADER = "X-Request-Id"


class RequestIdMiddleware:
    """Always our own: an id that the client may choose would let it write into our logs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = request.request_id = secrets.token_hex(8)  # type: ignore[attr-defined]
        token = audited.set(name)
        try:
            with bound_contextvars(request_id=name):
                response = self.get_response(request)
        finally:
            audited.reset(token)
        response[HEADER] = name
        return response
