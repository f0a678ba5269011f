"""Stripe, through its SDK.

A POST needs an idempotency key from the caller: the same for each try of one intention. After an
`Unknown` with a status, read; if nothing has happened, go on with a new key, for Stripe replays a
stored error to the old one.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from accounts.clients.answers import rows_in, text_in, truth_in, understood
from accounts.clients.outcomes import Missing, Rejected, Unknown
from accounts.clients.payment_errors import outcome

if TYPE_CHECKING:
    import stripe

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0
PAGE = 100
CANCELED = ("canceled", "incomplete_expired")
# Whoever waits in front of a browser can't come back by an outbox.
RETRIES_IN_VIEWS = 2
T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True)
class Checkout:
    """Where the visitor pays."""

    id: str
    url: str


def payments(*, retries: int = 0, patience: float | None = None) -> "Payments | None":
    """The client of background work; None where Stripe isn't configured.

    Args:
        retries: of a call, by the SDK. None in background work, which has to see each outcome;
            RETRIES_IN_VIEWS where a visitor waits.
        patience: seconds to wait for an answer, READ_SECONDS if None.
    """
    if not settings.STRIPE_API_KEY:
        return None
    account = (settings.STRIPE_API_KEY, settings.STRIPE_API_URL, settings.STRIPE_API_VERSION)
    return Payments(_sdk(*account, retries, patience or READ_SECONDS))


@functools.cache
def _sdk(
    key: str, url: str, version: str, retries: int, read_seconds: float
) -> "stripe.StripeClient":
    import requests
    import stripe

    class Direct(requests.Session):
        """Follows no redirect: a POST would become a GET, whose answer looks like a success."""

        def get_redirect_target(self, resp: requests.Response) -> None:
            return None

    return stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses={"api": url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient((CONNECT_SECONDS, read_seconds), session=Direct()),
    )


class Payments:
    """Raises the outcomes of accounts.clients.outcomes. Objects are Stripe's, as plain JSON."""

    def __init__(self, sdk: "stripe.StripeClient") -> None:
        self._v1 = sdk.v1

    def create_customer(self, *, email: str, name: str, user: str, key: str) -> str:
        """Returns its id. `user` is the uid, kept at Stripe."""
        params: Any = {"email": email, "name": name, "metadata": {"user_id": user}}
        made = self._call("customers.create", self._v1.customers.create, params, key=key)
        with understood("stripe customers.create"):
            return text_in(made, "id")

    def update_customer(self, customer: str, *, email: str, name: str, key: str) -> None:
        update = functools.partial(self._v1.customers.update, customer)
        self._call("customers.update", update, {"email": email, "name": name}, key=key)

    def customer(self, customer: str) -> Json | None:
        """None where there is none, or none any more."""
        found = self._found("customers.get", self._v1.customers.retrieve, customer)
        return None if found is None or found.get("deleted") else found

    def is_deleted(self, customer: str) -> bool:
        """
        Raises:
            Missing: Stripe has never known it: another account, or the other mode.
        """
        retrieve = functools.partial(self._v1.customers.retrieve, customer)
        return bool(self._call("customers.get", retrieve).get("deleted"))

    def knows_customer(self, customer: str) -> bool:
        """Also one that is deleted by now."""
        return self._found("customers.get", self._v1.customers.retrieve, customer) is not None

    def customers(self, *, email: str | None = None) -> Iterator[Json]:
        """Those with exactly this address, or all, the newest first."""
        chosen: Json = {} if email is None else {"email": email}
        return self._pages("customers.list", self._v1.customers.list, chosen)

    def delete_customer(self, customer: str) -> None:
        """For good, with its subscriptions. Done too where it was deleted before.

        Raises:
            Missing: Stripe has never known it: another account, or the other mode.
        """
        try:
            delete = functools.partial(self._v1.customers.delete, customer)
            self._call("customers.delete", delete)
        except Missing:
            if not self.is_deleted(customer):
                raise

    def start_checkout(
        self, *, customer: str, user: str, price: str, success_url: str, cancel_url: str, key: str
    ) -> Checkout:
        metadata = {"user_id": user}
        params: Any = {
            "mode": "subscription",
            "customer": customer,
            "client_reference_id": user,
            "line_items": [{"price": price, "quantity": 1}],
            "metadata": metadata,
            "subscription_data": {"metadata": metadata},
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        create = self._v1.checkout.sessions.create
        made = self._call("checkout.sessions.create", create, params, key=key)
        with understood("stripe checkout.sessions.create"):
            return Checkout(id=text_in(made, "id"), url=text_in(made, "url"))

    def checkout(self, session: str) -> Json | None:
        return self._found("checkout.sessions.get", self._v1.checkout.sessions.retrieve, session)

    def open_checkouts(self, *, customer: str) -> Iterator[Json]:
        """The pages on which this customer could pay now."""
        params = {"customer": customer, "status": "open"}
        return self._pages("checkout.sessions.list", self._v1.checkout.sessions.list, params)

    def expire_checkout(self, session: str, *, key: str) -> None:
        """Nobody can pay there any more. Done too where it was over before, or somebody has paid.

        Raises:
            Rejected: it is still open.
            Unknown: also where it reads as open.
        """
        expire = functools.partial(self._v1.checkout.sessions.expire, session)
        try:
            told = self._call("checkout.sessions.expire", expire, key=key)
        except Rejected:
            found = self.checkout(session)
            if found and found.get("status") == "open":
                raise
        else:
            if told.get("status") != "expired":
                raise Unknown("stripe checkout.sessions.expire", code="reads_otherwise")

    def price(self, price: str) -> Json | None:
        return self._found("prices.get", self._v1.prices.retrieve, price)

    def invoice(self, invoice: str) -> Json | None:
        return self._found("invoices.get", self._v1.invoices.retrieve, invoice)

    def subscription(self, subscription: str) -> Json | None:
        retrieve = self._v1.subscriptions.retrieve
        return self._found("subscriptions.get", retrieve, subscription)

    def subscriptions(self, *, customer: str | None = None, after: str = "") -> Iterator[Json]:
        """Of one customer or of all, ended ones too, the newest first; those after one, if named."""
        params = {"status": "all"} | ({"customer": customer} if customer else {})
        return self._pages("subscriptions.list", self._v1.subscriptions.list, params, after=after)

    def events(self, *, since: int, types: Sequence[str] = (), after: str = "") -> Iterator[Json]:
        """What happened from `since` on (seconds since 1970), the newest first.

        Stripe keeps them for 30 days.
        """
        params = {"created": {"gte": since}} | ({"types": list(types)} if types else {})
        return self._pages("events.list", self._v1.events.list, params, after=after)

    def set_renewal(
        self,
        subscription: str,
        *,
        renews: bool,
        key: str,
        metadata: Mapping[str, str] | None = None,
    ) -> Json:
        """Let it end with its period, or take that back. Free of loss until the period is over.

        Raises:
            Missing: it has ended, or has never been.
            Rejected: the same, in other words; only `subscription()` tells whether it has ended.
            Unknown: also where it reads otherwise than it was set.
        """
        ends = not renews
        params: Any = {"cancel_at_period_end": ends}
        if metadata:
            params["metadata"] = dict(metadata)
        update = functools.partial(self._v1.subscriptions.update, subscription)
        told = self._call("subscriptions.update", update, params, key=key)
        if told.get("cancel_at_period_end") is not ends:
            raise Unknown("stripe subscriptions.update", code="reads_otherwise")
        return told

    def end_subscription(self, subscription: str) -> None:
        """At once and for good. Done too where it had ended before.

        Raises:
            Missing: Stripe has never known it: another account, or the other mode.
        """
        try:
            self._call(
                "subscriptions.cancel",
                functools.partial(self._v1.subscriptions.cancel, subscription),
            )
        except Missing:
            found = self.subscription(subscription)
            if found is None or found.get("status") not in CANCELED:
                raise

    def _found(self, operation: str, retrieve: Callable[..., Any], id: str) -> Json | None:
        try:
            found = self._call(operation, functools.partial(retrieve, id))
        except Missing:
            return None
        if found.get("id") != id:
            raise Unknown(f"stripe {operation}", code="of_another")
        return found

    def _pages(
        self, operation: str, ask: Callable[..., Any], params: Json, *, after: str = ""
    ) -> Iterator[Json]:
        """Raises Unknown: there is more, it says, and shows what it has shown before."""
        seen = {after}
        while True:
            start = {"starting_after": after} if after else {}
            page = self._call(operation, ask, {**params, "limit": PAGE, **start})
            with understood(f"stripe {operation}"):
                rows, has_more = rows_in(page, "data"), truth_in(page, "has_more")
                after = text_in(rows[-1], "id") if rows else after
            if has_more and after in seen:
                raise Unknown(f"stripe {operation}", code="pages_repeat")
            yield from rows
            if not has_more:
                return
            seen.add(after)

    def _call(
        self, operation: str, ask: Callable[..., Any], params: Any = None, *, key: str = ""
    ) -> Json:
        import stripe

        options = {"idempotency_key": key} if key else {}
        with understood(f"stripe {operation}"):
            try:
                answered = ask(params=params or {}, options=options)
            except stripe.StripeError as error:
                raise outcome(f"stripe {operation}", error) from None
            # As it was sent: the SDK's own objects turn amounts into Decimals.
            return dict(answered.last_response.data)
