"""What the vendors keep of a person. Only read: a second call finds the same, and nothing is undone.

Each is read as the `capture` of its step, for that is what the engine seals.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts.billing.customers import customers_of
from accounts.clients.contacts import contacts
from accounts.clients.identity import identities
from accounts.clients.payments import Json, Payments, payments
from accounts.elsewhere.contact import contact_of
from accounts.steps import calls_a_vendor, configured, user_of
from integrity.privacy import Part
from integrity.saga.context import At

ASK_STRIPE, ASK_RESEND, ASK_SUPABASE = "ask_stripe", "ask_resend", "ask_supabase"
# Of each step: what its part of the export is called, and which columns it has.
TITLES = {
    ASK_STRIPE: {
        "stripe_customers": "What Stripe, who collects what you pay, keeps of you",
        "stripe_subscriptions": "Your subscriptions, as Stripe has them",
    },
    ASK_RESEND: {"resend_contact": "What Resend, who sends our news, keeps of you"},
    ASK_SUPABASE: {"supabase_identity": "What Supabase, where you may log in, keeps of you"},
}
COLUMNS = {
    "stripe_customers": ("id", "email", "name", "phone", "address", "created"),
    "stripe_subscriptions": ("id", "status", "cancel_at_period_end", "created", "ended_at"),
    "resend_contact": ("id", "email", "first_name", "last_name", "unsubscribed"),
    "supabase_identity": ("id", "email", "is_verified", "banned_until"),
}
TIMES = ("created", "ended_at")


@calls_a_vendor
def read_stripe(at: At) -> dict[str, Any]:
    client, user = configured(payments()), user_of(at)
    known = sorted(set(customers_of(client, user)))
    found = [customer for name in known if (customer := client.customer(name))]
    return {
        "stripe_customers": [_row("stripe_customers", each) for each in found],
        "stripe_subscriptions": _subscriptions(client, found),
    }


@calls_a_vendor
def read_resend(at: At) -> dict[str, Any]:
    found = contact_of(configured(contacts()), user_of(at))
    return {"resend_contact": [_row("resend_contact", vars(found))] if found else []}


@calls_a_vendor
def read_supabase(at: At) -> dict[str, Any]:
    found = configured(identities()).find(UUID(str(user_of(at).uid)))
    if found is None:
        return {"supabase_identity": []}
    until = found.banned_until and found.banned_until.isoformat()
    shown = vars(found) | {"id": str(found.id), "banned_until": until}
    return {"supabase_identity": [_row("supabase_identity", shown)]}


def is_read(at: At) -> dict[str, Any]:
    """How many rows; the capture before has read them."""
    return {name: len(rows) for name, rows in at.prior.items()}


def nothing_to_take_back(at: At) -> None:
    """Nothing was changed there."""


def parts_of_vendors(at: At) -> list[Part]:
    """What the steps before have read. One that isn't configured, or knows nobody, has none."""
    return [
        Part(name, title, rows)
        for step, titles in TITLES.items()
        for name, title in titles.items()
        if (rows := at.secret(f"prior:{step}").get(name))
    ]


def _subscriptions(client: Payments, customers: list[Json]) -> list[dict[str, Any]]:
    return [
        _row("stripe_subscriptions", each)
        for customer in customers
        for each in client.subscriptions(customer=customer["id"])
    ]


def _row(part: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _told(name, told.get(name)) for name in COLUMNS[part]}


def _told(name: str, value: Any) -> Any:
    """Stripe counts seconds since 1970."""
    is_time = name in TIMES and isinstance(value, int)
    return datetime.fromtimestamp(value, UTC).isoformat() if is_time else value
