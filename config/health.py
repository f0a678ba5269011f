"""What machines ask: does the process live, can it serve, and what are its numbers.

`/livez` touches nothing. `/readyz` asks the database, on a connection of its own, and names what is
missing. `/metrics` is closed until a token or an address is set. Broken data shows in none of the
first two: taking every process out of service would help nobody.

All three are answered before anything else. A probe speaks plain HTTP to an address that is no host
name of ours, so it is not to be redirected, refused for its host, greeted, counted or given a
cookie.
"""

import ipaddress
import logging
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils.crypto import constant_time_compare

from config.environment import Network
from integrity.exposition import CONTENT_TYPE
from integrity.log import log_event
from integrity.metrics import exposition
from integrity.pending import pending

logger = logging.getLogger(__name__)
# Seconds to connect (libpq takes no less), and milliseconds for a statement and for the network.
CONNECT_WITHIN, ANSWER_WITHIN = 2, 1500
# Added by proxies. Whoever comes through one has the proxy's address, not their own.
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")
CLOSED = (
    "Metrics are closed. Send METRICS_TOKEN as a bearer token, or ask without a proxy from an"
    " address of METRICS_ADDRESSES.\n"
)


class Probes:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = answer(request)
        response["Cache-Control"] = "no-store"
        if request.method == "HEAD":
            response.content = b""
        return response


def livez(request: HttpRequest) -> HttpResponse:
    return _plain("alive\n")


def readyz(request: HttpRequest) -> HttpResponse:
    missing = list(_missing())
    if not missing:
        return _plain("ready\n")
    log_event(logger, logging.WARNING, "health.not_ready", missing="; ".join(missing))
    return _plain("".join(["not ready\n", *(f"- {each}\n" for each in missing)]), status=503)


def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        response = _plain(CLOSED, status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response
    try:
        return HttpResponse(exposition(), content_type=CONTENT_TYPE)
    except Error as error:
        log_event(logger, logging.WARNING, "health.no_metrics", error=type(error).__name__)
        return _plain("The database did not answer, so there are no numbers.\n", status=503)


ANSWERS = {"/livez": livez, "/readyz": readyz, "/metrics": metrics}


def _plain(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _missing() -> Iterator[str]:
    """What is missing, in words that any stranger may read."""
    probe = _short_of_time()
    try:
        with probe.cursor() as cursor:
            limit = f"{ANSWER_WITHIN}ms"
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [limit])
            cursor.execute("SELECT current_setting('transaction_read_only')::boolean")
            (read_only,) = cursor.fetchone()
        count = len(pending(probe))
    except Error:
        yield "database: no answer, or not in time"
        return
    finally:
        probe.close()
    if read_only:
        yield "database: it takes no writes"
    if count:
        yield f"migrations: {count} not applied (manage.py migrate)"


def _short_of_time() -> BaseDatabaseWrapper:
    """A connection of its own: that of the process may be in trouble, and waits for longer."""
    probe = connection.copy()
    limits = {"connect_timeout": CONNECT_WITHIN, "tcp_user_timeout": ANSWER_WITHIN}
    probe.settings_dict["OPTIONS"] = {**probe.settings_dict.get("OPTIONS", {}), **limits}
    return probe


def _may_read(request: HttpRequest) -> bool:
    token, addresses = settings.METRICS_TOKEN, settings.METRICS_ADDRESSES
    if settings.DEBUG and not token and not addresses:
        return True
    given = request.headers.get("Authorization", "")
    if token and constant_time_compare(given, f"Bearer {token}"):
        return True
    return not any(name in request.headers for name in FORWARDED) and _is_among(
        request.META.get("REMOTE_ADDR", ""), addresses
    )


def _is_among(text: str, networks: list[Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False  # over a socket file there is none
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)
