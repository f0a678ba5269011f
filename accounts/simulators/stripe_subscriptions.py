"""What happens to a subscription in its life, with the events that Stripe tells of it."""

import copy
from typing import Any

from accounts.simulators import stripe_objects as shape
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.stripe_objects import Object
from accounts.simulators.vendor import Vendor
from accounts.simulators.webhooks import Webhooks

CLOSED = ("canceled", "incomplete_expired")
GRACE = 3 * 86_400


class Subscriptions(Vendor):
    """The part of Stripe that works without being asked."""

    verbs = ("edit", "pay", "renew", "fail_renewal", "recover", "end")
    webhooks: Webhooks

    def empty(self) -> dict[str, Any]:
        names = ("customers", "subscriptions", "invoices", "sessions", "baskets", "events", "keys")
        price = shape.price(STRIPE_PRICE, now=self.now)
        return {name: {} for name in names} | {"prices": {price["id"]: price}}

    @property
    def now(self) -> int:
        return int(self.clock())

    def pay(self, session_id: str) -> str:
        """The visitor pays on the hosted page. Returns the subscription's id."""
        with self.lock:
            session = self.state["sessions"][session_id]
            if session["status"] != "open":
                return str(session["subscription"])
            customer = session["customer"] or self.add_customer(
                {"email": session["customer_email"], "metadata": session["metadata"]}
            )
            created = self.subscribe(customer, **self.state["baskets"][session_id])
            session |= {
                "status": "complete",
                "payment_status": "paid",
                "customer": customer,
                "subscription": created["id"],
                "invoice": created["latest_invoice"],
                "url": None,
            }
            self.happened("checkout.session.completed", session)
            self.save()
            return str(created["id"])

    def expire(self, session_id: str) -> None:
        """The hosted page closes: its time is over, or it was asked for."""
        with self.lock:
            session = self.state["sessions"][session_id]
            session |= {"status": "expired", "url": None}
            self.happened("checkout.session.expired", session)
            self.save()

    def add_customer(self, asked: Object) -> str:
        created = shape.customer(self.new_id("cus_"), now=self.now, asked=asked)
        self.state["customers"][created["id"]] = created
        self.happened("customer.created", created)
        return str(created["id"])

    def subscribe(self, customer: str, price: str, metadata: Any) -> Object:
        created = shape.subscription(
            self.new_id("sub_"),
            now=self.now,
            customer=customer,
            bought=self.state["prices"][price],
            metadata=metadata,
        )
        self.state["subscriptions"][created["id"]] = created
        invoice = self._invoice(created, "subscription_create")
        self.happened("customer.subscription.created", created)
        self.update(created, status="active")
        self._paid(invoice)
        return created

    def renew(self, id: str) -> None:
        """The period ends: the next one is paid for, or the subscription was to end with it."""
        with self.lock:
            found = self.open_one(id)
            if found["cancel_at_period_end"]:
                return self.end(id)
            self._next_period(found)
            self._paid(self._invoice(found, "subscription_cycle"))
            self.save()

    def fail_renewal(self, id: str) -> None:
        """The period ends, and the card is declined."""
        with self.lock:
            found = self.open_one(id)
            self._next_period(found)
            invoice = self._invoice(found, "subscription_cycle")
            invoice |= {"attempt_count": 1, "next_payment_attempt": self.now + GRACE}
            self.happened("invoice.payment_failed", invoice)
            self.update(found, status="past_due")
            self.save()

    def recover(self, id: str) -> None:
        """A later attempt goes through."""
        with self.lock:
            found = self.open_one(id)
            self._paid(self.state["invoices"][found["latest_invoice"]])
            self.update(found, status="active")
            self.save()

    def end(self, id: str) -> None:
        """At once and for good."""
        with self.lock:
            found = self.open_one(id)
            found |= {"status": "canceled", "ended_at": self.now}
            found["canceled_at"] = found["canceled_at"] or self.now
            self.happened("customer.subscription.deleted", found)
            self.save()

    def remove_customer(self, id: str) -> None:
        for one in list(self.state["subscriptions"].values()):
            if one["customer"] == id and one["status"] not in CLOSED:
                self.end(one["id"])
        self.happened("customer.deleted", self.state["customers"][id])
        self.state["customers"][id] = {"id": id, "object": "customer", "deleted": True}

    def open_one(self, id: str) -> Object:
        found: Object | None = self.state["subscriptions"].get(id)
        if found is None or found["status"] in CLOSED:
            raise LookupError(f"There is no open subscription {id!r}.")
        return found

    def update(self, found: Object, **values: Any) -> None:
        before = {name: found[name] for name in values if found[name] != values[name]}
        found.update(values)
        kind = {"customer": "customer.updated"}.get(
            found["object"], "customer.subscription.updated"
        )
        self.happened(kind, found, before=before)

    def _next_period(self, found: Object) -> None:
        item = found["items"]["data"][0]
        start = item["current_period_end"]
        item |= {"current_period_start": start, "current_period_end": start + shape.PERIOD}
        self.update(found)

    def _invoice(self, of: Object, reason: str) -> Object:
        created = shape.invoice(self.new_id("in_"), now=self.now, of=of, reason=reason)
        self.state["invoices"][created["id"]] = created
        of["latest_invoice"] = created["id"]
        return created

    def _paid(self, invoice: Object) -> None:
        invoice |= {"status": "paid", "amount_paid": invoice["total"], "amount_remaining": 0}
        invoice |= {"attempt_count": invoice["attempt_count"] + 1, "next_payment_attempt": None}
        self.happened("invoice.paid", invoice)

    def happened(self, kind: str, about: Object, *, before: Any = None) -> None:
        """Into the ledger, and as an event to whoever listens. It tells the state of now."""
        event = shape.event(
            self.new_id("evt_"),
            now=self.now,
            kind=kind,
            about=copy.deepcopy(about),
            before=before,
            key=self.asked_with,
        )
        self.state["events"][event["id"]] = event
        self.took_effect(kind, about["id"], details={"key": self.asked_with})
        self.webhooks.add(event)

    # The idempotency key of the request that is being answered.
    asked_with: str | None = None
