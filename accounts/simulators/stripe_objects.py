"""The shapes of Stripe's objects: what we read of them, and what its document demands.

Source: the OpenAPI document and fixtures of the repository stripe/openapi (MIT), API 2025-03-31
and later: periods live on the items, an invoice names its subscription in `parent`.
"""

from collections.abc import Mapping
from typing import Any

# Of the endpoint that events are sent to; the caller of the API has one of its own.
EVENT_VERSION = "2026-07-29.dahlia"
PERIOD = 30 * 86_400
Object = dict[str, Any]


def price(id: str, *, now: int, amount: int = 1900) -> Object:
    return {
        "id": id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": "eur",
        "livemode": False,
        "lookup_key": "premium_monthly",
        "metadata": {},
        "nickname": None,
        "product": "prod_everafter",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "tax_behavior": "unspecified",
        "type": "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def customer(id: str, *, now: int, asked: Mapping[str, Any]) -> Object:
    return {
        "id": id,
        "object": "customer",
        "balance": 0,
        "created": now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": asked.get("description"),
        "email": asked.get("email"),
        "livemode": False,
        "metadata": asked.get("metadata", {}),
        "name": asked.get("name"),
        "phone": asked.get("phone"),
    }


def session(id: str, *, now: int, url: str, asked: Mapping[str, Any]) -> Object:
    return {
        "id": id,
        "object": "checkout.session",
        "cancel_url": asked.get("cancel_url"),
        "client_reference_id": asked.get("client_reference_id"),
        "created": now,
        "currency": "eur",
        "customer": asked.get("customer"),
        "customer_email": asked.get("customer_email"),
        "expires_at": now + 86_400,
        "invoice": None,
        "livemode": False,
        "metadata": asked.get("metadata", {}),
        "mode": asked["mode"],
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "subscription": None,
        "success_url": asked.get("success_url"),
        "url": url,
    }


def subscription(id: str, *, now: int, customer: str, bought: Object, metadata: Any) -> Object:
    item = {
        "id": id.replace("sub_", "si_"),
        "object": "subscription_item",
        "created": now,
        "current_period_start": now,
        "current_period_end": now + PERIOD,
        "discounts": [],
        "metadata": {},
        "price": bought,
        "quantity": 1,
        "subscription": id,
    }
    return {
        "id": id,
        "object": "subscription",
        "billing_cycle_anchor": now,
        "billing_mode": {"type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": "eur",
        "customer": customer,
        "days_until_due": None,
        "default_payment_method": "pm_card_visa",
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": listing([item], url=f"/v1/subscription_items?subscription={id}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": metadata,
        "schedule": None,
        "start_date": now,
        "status": "incomplete",
        "trial_end": None,
        "trial_start": None,
    }


def invoice(id: str, *, now: int, of: Object, reason: str) -> Object:
    item = of["items"]["data"][0]
    amount = item["price"]["unit_amount"]
    line = {
        "id": id.replace("in_", "il_"),
        "object": "line_item",
        "amount": amount,
        "currency": "eur",
        "invoice": id,
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
    }
    return {
        "id": id,
        "object": "invoice",
        "amount_due": amount,
        "amount_paid": 0,
        "amount_remaining": amount,
        "attempt_count": 0,
        "billing_reason": reason,
        "created": now,
        "currency": "eur",
        "customer": of["customer"],
        "hosted_invoice_url": None,
        "lines": listing([line], url=f"/v1/invoices/{id}/lines"),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"metadata": of["metadata"], "subscription": of["id"]},
        },
        "status": "open",
        "total": amount,
    }


def event(id: str, *, now: int, kind: str, about: Object, before: Any, key: str | None) -> Object:
    data = {"object": about} | ({"previous_attributes": before} if before else {})
    return {
        "id": id,
        "object": "event",
        "api_version": EVENT_VERSION,
        "created": now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": key},
        "type": kind,
    }


def listing(data: list[Object], *, url: str, has_more: bool = False) -> Object:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
