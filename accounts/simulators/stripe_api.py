"""Stripe's API, as far as we call it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts.simulators import stripe_objects as shape
from accounts.simulators.account import STRIPE_KEY
from accounts.simulators.asked import Answer, Asked, Refused
from accounts.simulators.faults import Fault
from accounts.simulators.forms import texts, truth
from accounts.simulators.stripe_objects import Object
from accounts.simulators.stripe_pages import page
from accounts.simulators.stripe_subscriptions import CLOSED, Subscriptions
from accounts.simulators.webhooks import Webhooks

MOST = 100
LONGEST = 5000
CUSTOMER_FIELDS = ("description", "email", "name", "phone")
# Of a request that began to run, even an internal error is stored under its key and replayed.
STORED = {200, 402, 500, 502, 503}
TYPES = {401: "invalid_request_error", 402: "card_error", 429: "invalid_request_error"}
CODES = {404: "resource_missing", 409: "idempotency_key_in_use", 429: "rate_limit"}


class Stripe(Subscriptions):
    name = "stripe"
    pages = ("pay",)
    routes = {
        ("POST", "v1/customers"): "create_customer",
        ("GET", "v1/customers"): "list_customers",
        ("GET", "v1/customers/{}"): "get_customer",
        ("POST", "v1/customers/{}"): "update_customer",
        ("DELETE", "v1/customers/{}"): "delete_customer",
        ("POST", "v1/checkout/sessions"): "create_session",
        ("GET", "v1/checkout/sessions"): "list_sessions",
        ("GET", "v1/checkout/sessions/{}"): "get_session",
        ("POST", "v1/checkout/sessions/{}/expire"): "expire_session",
        ("GET", "v1/subscriptions"): "list_subscriptions",
        ("GET", "v1/subscriptions/{}"): "get_subscription",
        ("POST", "v1/subscriptions/{}"): "update_subscription",
        ("DELETE", "v1/subscriptions/{}"): "cancel_subscription",
        ("GET", "v1/invoices"): "list_invoices",
        ("GET", "v1/invoices/{}"): "get_invoice",
        ("GET", "v1/prices"): "list_prices",
        ("GET", "v1/prices/{}"): "get_price",
        ("GET", "v1/events"): "list_events",
        ("GET", "v1/events/{}"): "get_event",
    }

    def __init__(self, *, store: Path | None = None, webhooks: Webhooks | None = None) -> None:
        self.webhooks = webhooks or Webhooks()
        super().__init__(store=store)
        for event in self.state["events"].values():
            if event["pending_webhooks"]:
                self.webhooks.add(event)

    def reset(self) -> None:
        super().reset()
        self.webhooks.forget()

    def answer(self, asked: Asked) -> Answer:
        if asked.segments[0] in self.pages:
            return page(self, asked)
        if asked.token != STRIPE_KEY:
            return Answer(401, self.error(401, message="Invalid API Key provided."))
        key = asked.headers.get("Idempotency-Key")
        if asked.method != "POST" or not key:
            return super().answer(asked)
        return self._once(key, asked)

    def _once(self, key: str, asked: Asked) -> Answer:
        fingerprint = [asked.path, asked.form]
        if stored := self.state["keys"].get(key):
            if stored["fingerprint"] != fingerprint:
                body = {"type": "idempotency_error", "message": "Same key, other parameters."}
                return Answer(400, {"error": body})
            return Answer(stored["status"], stored["body"], {"Idempotent-Replayed": "true"})
        self.asked_with = key
        try:
            answer = super().answer(asked)
        finally:
            self.asked_with = None
        self._store_under(key, asked, answer)
        return answer

    def _store_under(self, key: str, asked: Asked, answer: Answer) -> None:
        if answer.status in STORED:
            self.state["keys"][key] = {
                "fingerprint": [asked.path, asked.form],
                "status": answer.status,
                "body": answer.body,
            }

    def failing(self, asked: Asked, fault: Fault) -> Answer:
        answer = super().failing(asked, fault)
        key = asked.headers.get("Idempotency-Key")
        if asked.method == "POST" and key:
            with self.lock:
                self._store_under(key, asked, answer)
        return answer

    def error(self, status: int, code: str = "", message: str = "") -> Any:
        kind = "api_error" if status >= 500 else TYPES.get(status, "invalid_request_error")
        told = {"type": kind, "message": message or "An error, on purpose."}
        if code := code or CODES.get(status, ""):
            told["code"] = code
        return {"error": told}

    def unknown_path(self, asked: Asked) -> Answer:
        body = {"type": "invalid_request_error", "message": "Unrecognized request URL."}
        return Answer(404, {"error": body})

    def missing(self, what: str, id: str) -> Refused:
        return Refused(Answer(404, self.error(404, message=f"No such {what}: '{id}'")))

    def refused(self, message: str, *, code: str = "parameter_missing") -> Refused:
        return Refused(Answer(400, self.error(400, code, message)))

    def one(self, kind: str, id: str) -> Object:
        found: Object | None = self.state[kind].get(id)
        if found is None:
            raise self.missing(kind.removesuffix("s"), id)
        return found

    def listed(
        self, kind: str, asked: Asked, wanted: Callable[[Object], bool] = lambda _: True
    ) -> Object:
        """The newest first, paged by the id of the last one seen."""
        newest = [one for one in reversed(self.state[kind].values()) if wanted(one)]
        parameters = asked.parameters
        ids = [one["id"] for one in newest]
        after = parameters.get("starting_after")
        if after:
            newest = newest[ids.index(after) + 1 :] if after in ids else []
        size = self._size(parameters)
        return shape.listing(newest[:size], url=asked.path, has_more=len(newest) > size)

    def _size(self, parameters: Object) -> int:
        given = str(parameters.get("limit", 10))
        if not given.isdigit() or not 1 <= int(given) <= MOST:
            raise self.refused("Invalid limit.", code="parameter_invalid_integer")
        return int(given)

    def create_customer(self, asked: Asked) -> Object:
        metadata = texts(asked.form.get("metadata"))
        made = self.add_customer({**self._customer_fields(asked.form), "metadata": metadata})
        return self.one("customers", made)

    def list_customers(self, asked: Asked) -> Object:
        email = asked.parameters.get("email")
        return self.listed(
            "customers",
            asked,
            lambda one: not one.get("deleted") and email in (None, one["email"]),
        )

    def get_customer(self, asked: Asked, id: str) -> Object:
        return self.one("customers", id)

    def update_customer(self, asked: Asked, id: str) -> Object:
        found = self._present_customer(id)
        metadata = found["metadata"] | texts(asked.form.get("metadata"))
        self.update(found, **self._customer_fields(asked.form), metadata=metadata)
        return found

    def _customer_fields(self, form: Object) -> Object:
        values = {name: form[name] for name in CUSTOMER_FIELDS if name in form}
        if any(not isinstance(text, str) or len(text) > LONGEST for text in values.values()):
            raise self.refused("Invalid string.", code="parameter_invalid_string")
        return values

    def delete_customer(self, asked: Asked, id: str) -> Object:
        self._present_customer(id)
        self.remove_customer(id)
        return self.one("customers", id)

    def _present_customer(self, id: str) -> Object:
        found = self.one("customers", id)
        if found.get("deleted"):
            raise self.missing("customer", id)
        return found

    def create_session(self, asked: Asked) -> Object:
        form = asked.form
        price = self._wanted_price(form)
        if customer := form.get("customer"):
            self._present_customer(customer)
        id = self.new_id("cs_test_")
        url = f"{asked.base_url}/pay/{id}"
        made = shape.session(id, now=self.now, url=url, asked=form)
        made["metadata"] = texts(form.get("metadata"))
        metadata = texts(form.get("subscription_data", {}).get("metadata"))
        self.state["sessions"][id] = made
        self.state["baskets"][id] = {"price": price, "metadata": metadata}
        self.took_effect("checkout.session.created", id, details={"key": self.asked_with})
        return made

    def _wanted_price(self, form: Object) -> str:
        items = form.get("line_items")
        if form.get("mode") != "subscription" or not isinstance(items, list):
            raise self.refused("Only subscriptions can be bought here: mode and line_items.")
        return str(self.one("prices", str(items[0].get("price")))["id"])

    def list_sessions(self, asked: Asked) -> Object:
        wanted = {name: asked.parameters.get(name) for name in ("customer", "status")}
        return self.listed(
            "sessions", asked, lambda one: all(one[n] == v for n, v in wanted.items() if v)
        )

    def get_session(self, asked: Asked, id: str) -> Object:
        return self.one("sessions", id)

    def expire_session(self, asked: Asked, id: str) -> Object:
        if (status := self.one("sessions", id)["status"]) != "open":
            raise self.refused(f'Only an "open" session can be expired, not `{status}`.', code="")
        self.expire(id)
        return self.one("sessions", id)

    def list_subscriptions(self, asked: Asked) -> Object:
        wanted = asked.parameters
        status = wanted.get("status")

        def fits(one: Object) -> bool:
            shown = status in ("all", one["status"]) or (not status and one["status"] not in CLOSED)
            return shown and wanted.get("customer") in (None, one["customer"])

        return self.listed("subscriptions", asked, fits)

    def get_subscription(self, asked: Asked, id: str) -> Object:
        return self.one("subscriptions", id)

    def update_subscription(self, asked: Asked, id: str) -> Object:
        found = self._open_subscription(id)
        form = asked.form
        values: Object = {}
        if "metadata" in form:
            values["metadata"] = found["metadata"] | texts(form["metadata"])
        if "cancel_at_period_end" in form:
            ends = truth(form["cancel_at_period_end"])
            end = found["items"]["data"][0]["current_period_end"]
            values |= {"cancel_at_period_end": ends, "cancel_at": end if ends else None}
            values["canceled_at"] = self.now if ends else None
        self.update(found, **values)
        return found

    def cancel_subscription(self, asked: Asked, id: str) -> Object:
        self._open_subscription(id)
        self.end(id)
        return self.one("subscriptions", id)

    def _open_subscription(self, id: str) -> Object:
        """One that is cancelled is not to be found any more, except by a GET."""
        if self.one("subscriptions", id)["status"] in CLOSED:
            raise self.missing("subscription", id)
        return self.open_one(id)

    def list_invoices(self, asked: Asked) -> Object:
        wanted = asked.parameters

        def fits(one: Object) -> bool:
            about = one["parent"]["subscription_details"]["subscription"]
            return wanted.get("subscription") in (None, about) and wanted.get("customer") in (
                None,
                one["customer"],
            )

        return self.listed("invoices", asked, fits)

    def get_invoice(self, asked: Asked, id: str) -> Object:
        return self.one("invoices", id)

    def list_prices(self, asked: Asked) -> Object:
        keys = asked.parameters.get("lookup_keys")
        return self.listed("prices", asked, lambda one: not keys or one["lookup_key"] in keys)

    def get_price(self, asked: Asked, id: str) -> Object:
        return self.one("prices", id)

    def list_events(self, asked: Asked) -> Object:
        wanted = asked.parameters
        kinds = wanted.get("types") or ([wanted["type"]] if "type" in wanted else [])
        since = self._since(wanted.get("created"))
        return self.listed(
            "events",
            asked,
            lambda one: one["created"] >= since and (not kinds or one["type"] in kinds),
        )

    def _since(self, created: Any) -> int:
        given = str(created.get("gte", 0)) if isinstance(created, dict) else "0"
        if not given.isdecimal():
            raise self.refused("Invalid time.", code="parameter_invalid_integer")
        return int(given)

    def get_event(self, asked: Asked, id: str) -> Object:
        return self.one("events", id)
