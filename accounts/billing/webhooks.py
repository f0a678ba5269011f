"""What Stripe sends: believed only when it is signed, and taken apart without trust.

Source: Stripe's pages "Receive Stripe events in your webhook endpoint" (signatures) and "The event
object".
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.errors import AccountError

MOST_BYTES = 256 * 1024
# Seconds by which its clock and ours may differ, either way.
TOLERANCE = 300
# The end of the year 9998, so that grace and time zones still fit before Python's last moment.
LAST_SECOND = 253_370_764_799
_ID = re.compile(r"[!-~]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,12}")
Json = Mapping[str, Any]


class NotAuthentic(AccountError):
    """No secret of this endpoint has made this signature within the last five minutes."""


class NotAnEvent(AccountError):
    """This is signed, and it is no event as Stripe documents them."""


@dataclass(frozen=True)
class StripeEvent:
    """One event. `thing` is the object that it is about, whose shape nobody has checked yet."""

    id: str
    type: str
    happened_at: datetime
    api_version: str
    livemode: bool
    thing: Json
    # Only what an account that is connected to ours does is sent with that account's id.
    is_of_another_account: bool = False

    @cached_property
    def customer(self) -> str:
        """The id of the customer whom it is about; blank if it names none."""
        return customer_of(self.thing)

    @cached_property
    def user_uids(self) -> frozenset[UUID]:
        return users_of(self.thing)


def customer_of(thing: Json) -> str:
    """The id of the customer whom an object of Stripe's is about; blank if it names none."""
    found = thing.get("id" if thing.get("object") == "customer" else "customer")
    return str(found) if is_id(found) else ""


def users_of(thing: Json) -> frozenset[UUID]:
    """Whom of ours we had called it when we made the customer or the checkout.

    A visitor can write `client_reference_id` into the address of a payment link, so that it counts
    only where nothing else says otherwise: of several, none is believed.
    """
    details = _inside(thing, "parent", "subscription_details")
    said = (
        thing.get("client_reference_id"),
        _inside(thing, "metadata").get("user_id"),
        _inside(details, "metadata").get("user_id"),
    )
    return frozenset(uid for each in said if (uid := _uuid(each)))


def check_signature(raw: bytes, header: str, *, now: float) -> None:
    """Hold the bytes against the header `Stripe-Signature`, with each of the endpoint's secrets.

    Args:
        now: seconds since 1970.

    Raises:
        NotAuthentic: nothing in it may be used.
    """
    at, given = _parts(header)
    if not _SECONDS.fullmatch(at) or abs(now - int(at)) > TOLERANCE:
        raise NotAuthentic
    signed = f"{at}.".encode() + raw
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        expected = hmac.new(secret.encode(), signed, sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, each.encode()) for each in given):
            return
    raise NotAuthentic


def read_event(raw: bytes) -> StripeEvent:
    """Raises NotAnEvent."""
    try:
        # As text: of bytes, json takes UTF-16 and halves of surrogates too, which nobody can store.
        told = json.loads(raw.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise NotAnEvent from None
    if not isinstance(told, dict):
        raise NotAnEvent
    thing, version = _inside(told, "data", "object"), told.get("api_version") or ""
    known = is_id(told.get("id")) and is_id(told.get("type")) and bool(thing)
    if not known or not isinstance(told.get("livemode"), bool):
        raise NotAnEvent
    if version and not (is_id(version) and len(version) <= 40):
        raise NotAnEvent
    return StripeEvent(
        id=told["id"],
        type=told["type"],
        happened_at=time_of(told.get("created")),
        api_version=version,
        livemode=told["livemode"],
        thing=thing,
        is_of_another_account=told.get("account") is not None,
    )


def is_id(value: object) -> bool:
    """What Stripe calls things by: printable ASCII, at most 255 of it."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def time_of(seconds: object) -> datetime:
    """Raises NotAnEvent: it isn't a number of seconds since 1970."""
    if type(seconds) is not int or not 0 <= seconds <= LAST_SECOND:
        raise NotAnEvent
    return datetime.fromtimestamp(seconds, UTC)


def _parts(header: str) -> tuple[str, list[str]]:
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    at = next((value for name, value in pairs if name == "t"), "")
    return at, [value for name, value in pairs if name == "v1"]


def _inside(told: object, *path: str) -> dict[str, Any]:
    """What lies at the path, where everything on the way is an object; else nothing."""
    for name in path:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told if isinstance(told, dict) else {}


def _uuid(said: object) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
