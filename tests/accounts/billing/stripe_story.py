"""Stripe as it speaks to us: a story of events, signed as Stripe signs them."""

import json
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from uuid import uuid4

import stripe

from accounts.billing.inbox import receive_event
from accounts.billing.webhooks import read_event
from accounts.models import Event
from accounts.views.webhooks import STRIPE

SECRET = "whsec_a_secret_of_the_tests"
VERSION = "2026-07-29.dahlia"
PRICE = "price_of_the_tests"
MONTH = 30 * 86_400
_numbers = count(1)


def signed(raw, *, secret=SECRET, at=None):
    """The header that Stripe would send with these bytes."""
    at = int(datetime.now(UTC).timestamp()) if at is None else at
    return stripe.WebhookSignature.generate_signature_header(raw.decode(), secret, at)


def story(user, **changes):
    """The ids of a couple at Stripe, and when they began."""
    name = uuid4().hex
    told = {
        "user": user,
        "customer": f"cus_{name}",
        "subscription": f"sub_{name}",
        "start": 1_767_264_000,
        "named": True,
    }
    return SimpleNamespace(**told | changes)


def event(kind, told, thing, *, after=0, **changes):
    """One event, so many seconds after the start."""
    known = {
        "id": f"evt_{next(_numbers)}_{uuid4().hex}",
        "object": "event",
        "api_version": VERSION,
        "created": told.start + after,
        "data": {"object": thing},
        "livemode": False,
        "type": kind,
    }
    return known | changes


def raw(event):
    return json.dumps(event).encode()


def metadata(told):
    return {"user_id": str(told.user.uid)} if told.named and told.user else {}


def customer(kind, told, **options):
    thing = {"id": told.customer, "object": "customer", "email": "ada@example.com"}
    return event(f"customer.{kind}", told, thing | {"metadata": metadata(told)}, **options)


def checkout(told, **options):
    thing = {
        "id": f"cs_{told.subscription}",
        "object": "checkout.session",
        "customer": told.customer,
        "subscription": told.subscription,
        "client_reference_id": str(told.user.uid) if told.user else None,
        "metadata": {},
    }
    return event("checkout.session.completed", told, thing, **options)


def subscription_object(told, status, *, months=1, cancel=False, price=PRICE):
    end = told.start + months * MONTH
    return {
        "id": told.subscription,
        "object": "subscription",
        "created": told.start,
        "customer": told.customer,
        "status": status,
        "cancel_at_period_end": cancel,
        "metadata": metadata(told),
        "items": {"data": [{"current_period_end": end, "price": {"id": price}}]},
    }


def subscription(kind, told, status, *, months=1, cancel=False, price=PRICE, **options):
    thing = subscription_object(told, status, months=months, cancel=cancel, price=price)
    return event(f"customer.subscription.{kind}", told, thing, **options)


def invoice(kind, told, *, number=1, amount=1900, attempts=1, **options):
    details = {"subscription": told.subscription, "metadata": metadata(told)}
    thing = {
        "id": f"in_{number}_{told.subscription}",
        "object": "invoice",
        "customer": told.customer,
        "amount_paid": amount if kind == "paid" else 0,
        "amount_due": amount,
        "attempt_count": attempts,
        "currency": "eur",
        "parent": {"subscription_details": details},
        "lines": {"data": [{"period": {"end": told.start + number * MONTH}}]},
    }
    return event(f"invoice.{kind}", told, thing, **options)


def whole_story(told):
    """Signed up, renewed, failed and recovered, cancelled and reverted, ended."""
    return [
        customer("created", told, after=-60),
        subscription("created", told, "incomplete"),
        subscription("updated", told, "active"),
        invoice("paid", told),
        checkout(told),
        subscription("updated", told, "active", months=2, after=MONTH),
        invoice("paid", told, number=2, after=MONTH + 3600),
        invoice("payment_failed", told, number=3, after=2 * MONTH + 2),
        subscription("updated", told, "past_due", months=3, after=2 * MONTH + 2),
        invoice("paid", told, number=3, attempts=2, after=2 * MONTH + 5),
        subscription("updated", told, "active", months=3, after=2 * MONTH + 5),
        subscription("updated", told, "active", months=3, cancel=True, after=2 * MONTH + 900),
        subscription("updated", told, "active", months=3, after=2 * MONTH + 1200),
        subscription("deleted", told, "canceled", months=3, after=2 * MONTH + 9000),
        customer("deleted", told, after=2 * MONTH + 9060),
    ]


def an_event(user=None, *, name=None):
    """Received as the endpoint receives it; about nobody, unless it is said about whom."""
    told = customer("created", story(user))
    body = raw(told | {"id": name or told["id"]})
    receive_event(raw=body, event=read_event(body), by=STRIPE)
    return Event.objects.order_by("received_at").last()
