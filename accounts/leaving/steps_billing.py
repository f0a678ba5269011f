"""Leaving, at Stripe: first nothing is renewed any more, after the seal all of it ends."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

from accounts.billing.customers import customers_of
from accounts.clients.outcomes import Missing
from accounts.clients.payments import CANCELED, Json, Payments, payments
from accounts.leaving.sealing import TARGETS
from accounts.steps import calls_a_vendor, configured, user_of, wait_for_begun_calls
from integrity.saga.context import At
from integrity.saga.definition import Probe
from integrity.saga.outcomes import ChangedSince

# At the subscription, so that nobody takes back what somebody else has asked meanwhile.
MARK = "leaving"


@calls_a_vendor
def capture_billing(at: At) -> dict[str, Any]:
    """Their customers, and which of their subscriptions would renew."""
    wait_for_begun_calls(at)
    client = configured(payments())
    customers = sorted(set(customers_of(client, user_of(at))))
    there = _there(client, customers)
    return {"customers": customers, "renewing": _renewing(client, there)}


@calls_a_vendor
def pause_billing(at: At) -> dict[str, Any]:
    """Nothing more can be bought, then nothing is renewed: also what was paid for just now."""
    client, paused = configured(payments()), 0
    customers = _there(client, at.prior["customers"])
    _close_pages(client, customers, key=at.key)
    for name in sorted({*at.prior["renewing"], *_renewing(client, customers)}):
        try:
            client.set_renewal(
                name, renews=False, key=f"{at.key}:{name}", metadata={MARK: str(at.saga)}
            )
            paused += 1
        except Missing:
            continue  # It has ended by itself, which is what is wanted.
    return {"paused": paused}


@calls_a_vendor
def is_billing_paused(at: At) -> Probe:
    client = configured(payments())
    customers = _there(client, at.prior["customers"])
    goes_on = any(_pages(client, customers)) or _renewing(client, customers)
    return Probe.NOT_DONE if goes_on else Probe.DONE


@calls_a_vendor
def resume_billing(at: At) -> None:
    """Let renew again what this saga has stopped, and nobody else has changed since.

    A page for paying stays closed: whoever stays opens another one.
    """
    client, changed = configured(payments()), False
    living = _live(client, _there(client, at.prior["customers"]))
    stopped = [one["id"] for one in living if one["metadata"].get(MARK) == str(at.saga)]
    for name in sorted({*at.prior["renewing"], *stopped}):
        found = client.subscription(name)
        if found is None or found["status"] in CANCELED:
            changed = True
        elif found["metadata"].get(MARK) == str(at.saga):
            if _renews(found):
                changed = True
                continue
            # Its state was read just now, so an old answer to an old key is of no use.
            client.set_renewal(name, renews=True, key=f"{at.key}:{uuid4()}", metadata={MARK: ""})
    if changed:
        raise ChangedSince("a subscription was changed or has ended since")


@calls_a_vendor
def end_billing(at: At) -> dict[str, Any]:
    """Each page for paying and each subscription at once, then the customers. Stripe keeps the
    invoices, as the law asks."""
    wait_for_begun_calls(at)
    client, customers = configured(payments()), at.secret(TARGETS)["customers"]
    there = _there(client, customers)
    _close_pages(client, there, key=at.key)
    for one in _live(client, there):
        client.end_subscription(one["id"])
    for customer in customers:
        client.delete_customer(customer)
    return {"customers": len(customers)}


@calls_a_vendor
def is_billing_ended(at: At) -> Probe:
    client = configured(payments())
    gone = (client.is_deleted(customer) for customer in at.secret(TARGETS)["customers"])
    return Probe.DONE if all(gone) else Probe.NOT_DONE


def _there(client: Payments, customers: Iterable[str]) -> list[str]:
    return [customer for customer in customers if client.customer(customer)]


def _pages(client: Payments, customers: Iterable[str]) -> Iterator[str]:
    """For paying, and open."""
    for customer in customers:
        yield from (one["id"] for one in client.open_checkouts(customer=customer))


def _close_pages(client: Payments, customers: Iterable[str], *, key: str) -> None:
    """Before the subscriptions are read: what is paid for at the last moment is among them."""
    for page in list(_pages(client, customers)):
        client.expire_checkout(page, key=f"{key}:{page}")


def _live(client: Payments, customers: Iterable[str]) -> Iterator[Json]:
    for customer in customers:
        theirs = client.subscriptions(customer=customer)
        yield from (one for one in theirs if one["status"] not in CANCELED)


def _renewing(client: Payments, customers: Iterable[str]) -> list[str]:
    return [one["id"] for one in _live(client, customers) if _renews(one)]


def _renews(subscription: Json) -> bool:
    return subscription["status"] not in CANCELED and not subscription["cancel_at_period_end"]
