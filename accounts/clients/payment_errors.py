"""What an error of Stripe's SDK says about the effect of a call."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from accounts.clients.outcomes import Missing, NotSent, Rejected, Unknown, VendorError, Wait
from accounts.clients.waiting import seconds_to_wait

if TYPE_CHECKING:
    import stripe


def outcome(operation: str, error: "stripe.StripeError") -> VendorError:
    """In the words of all clients."""
    status, code = error.http_status, _code(error)
    if status is None:
        return _without_answer(operation, error)
    if status in (409, 429):
        after = seconds_to_wait(_header(error, "retry-after"))
        return Wait(operation, after=after, status=status, code=code)
    if 300 <= status < 400:
        return Rejected(operation, status=status, code="redirected")
    if status >= 500 or status == 408 or status < 300:
        return Unknown(operation, status=status, code=code)
    kind = Missing if status == 404 and code == "resource_missing" else Rejected
    return kind(operation, status=status, code=code or type(error).__name__)


def _without_answer(operation: str, error: Exception) -> VendorError:
    """Not sent is only what never had a connection to be sent over."""
    import requests
    import urllib3.exceptions

    cause: BaseException | None = error.__cause__
    if isinstance(cause, requests.ConnectTimeout):
        return NotSent(operation, code="ConnectTimeout")
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return NotSent(operation, code=type(reason).__name__)
    return Unknown(operation, code=type(cause or error).__name__)


def _code(error: "stripe.StripeError") -> str:
    """The SDK itself keeps it for some kinds of errors only."""
    told = error.json_body.get("error") if isinstance(error.json_body, dict) else None
    return str(told.get("code") or "") if isinstance(told, dict) else ""


def _header(error: "stripe.StripeError", name: str) -> str | None:
    headers: Mapping[str, str] = error.headers or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)
