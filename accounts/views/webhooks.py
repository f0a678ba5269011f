"""Where Stripe tells what happened. Answers 200 only when it is committed."""

import time

from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.billing.inbox import receive_event
from accounts.billing.webhooks import (
    MOST_BYTES,
    NotAnEvent,
    NotAuthentic,
    check_signature,
    read_event,
)
from integrity.audit import Actor

STRIPE = Actor("system", "stripe", via="web")
# Digits. Python refuses to read thousands of them.
LONGEST_NUMBER = 20


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """413 before anything is parsed, 400 for what isn't an authentic event."""
    if _announced(request) > MOST_BYTES or len(raw := _body(request)) > MOST_BYTES:
        return _answer(f"This is more than {MOST_BYTES} bytes.", status=413)
    try:
        check_signature(raw, request.headers.get("Stripe-Signature", ""), now=time.time())
        event = read_event(raw)
    except (NotAuthentic, NotAnEvent) as error:
        return _answer(str(error), status=400)
    outcome = receive_event(raw=raw, event=event, by=STRIPE)
    return _answer("repeated" if outcome.repeated else outcome.state, status=200)


def _announced(request: HttpRequest) -> int:
    """What the request says of its body's size. Whatever has more digits is too much."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length[:LONGEST_NUMBER]) if length.isdecimal() else 0


def _body(request: HttpRequest) -> bytes:
    """No more of it than shows that it is too much; of a broken one, what has come."""
    try:
        return request.read(MOST_BYTES + 1)
    except UnreadablePostError:
        return b""


def _answer(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
