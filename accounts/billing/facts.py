"""What an event says about a subscription or an invoice, and which of two sayings is newer.

Events come late, twice and in any order. Each is therefore a saying with a version of its own, and
what we know is the greatest one of all that came: the same, whatever came first.
"""

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any

from accounts.billing.webhooks import Json, NotAnEvent, StripeEvent, is_id, time_of
from accounts.errors import AccountError
from accounts.models import FINAL, FINAL_RANK, SubscriptionStatus

# What outranks what within one second, the unit of Stripe's clock.
CREATED, UPDATED, READ = 0, 1, 2
_CURRENCY = re.compile(r"[a-z]{3}")


class NotUnderstood(AccountError):
    """What it is about lacks something that we read from it. Compare the API versions."""


@dataclass(frozen=True)
class SubscriptionFacts:
    """One state of a subscription.

    `in_doubt`: another event of this second says otherwise, and nothing in them tells which is
    newer.
    """

    stripe_id: str
    status: str
    cancel_at_period_end: bool
    period_end: datetime
    # Of what is bought with it, sorted.
    prices: tuple[str, ...]
    at: datetime
    rank: int
    in_doubt: bool = False

    @property
    def is_final(self) -> bool:
        return self.rank == FINAL_RANK

    @property
    def version(self) -> tuple[bool, datetime, int]:
        return self.is_final, self.at, self.rank

    @property
    def content(self) -> tuple[str, bool, datetime, tuple[str, ...]]:
        return self.status, self.cancel_at_period_end, self.period_end, self.prices


@dataclass(frozen=True)
class InvoiceFacts:
    """One state of an invoice. `amount` is in the currency's smallest unit.

    The order of the fields is that of comparison: what is paid beats what failed.
    """

    paid: bool
    at: datetime
    attempts: int
    amount: int
    currency: str
    period_end: datetime
    subscription_id: str


def newest_subscription(
    known: SubscriptionFacts | None, said: SubscriptionFacts
) -> SubscriptionFacts:
    """What to know after this was said. The same for any order of the same sayings."""
    if known is None:
        return said
    if _contradict(known, said):
        newer = known if known.rank == READ else max(known, said, key=lambda facts: facts.content)
        return replace(newer, in_doubt=True)
    if said.rank == READ and said.at == known.at and not known.is_final:
        return said
    # Two ends of one second have no order in time: any will do, if it is always the same one.
    return max(known, said, key=lambda facts: (facts.version, facts.content))


def newest_invoice(known: InvoiceFacts | None, said: InvoiceFacts) -> InvoiceFacts:
    """The same for any order of the same sayings."""
    return said if known is None else max(known, said, key=astuple)


def _contradict(known: SubscriptionFacts, said: SubscriptionFacts) -> bool:
    alike = known.at == said.at and said.rank == UPDATED and known.rank in (UPDATED, READ)
    return alike and known.content != said.content


def subscription_in(event: StripeEvent) -> SubscriptionFacts:
    """Raises NotUnderstood."""
    rank = CREATED if event.type.endswith(".created") else UPDATED
    return subscription_facts(event.thing, at=event.happened_at, rank=rank)


def subscription_facts(thing: Json, *, at: datetime, rank: int) -> SubscriptionFacts:
    """Of a subscription as Stripe shows it since version 2025-03-31: its items have the periods.

    Raises:
        NotUnderstood: it isn't one.
    """
    status, cancels = thing.get("status"), thing.get("cancel_at_period_end")
    if status not in SubscriptionStatus.values or not isinstance(cancels, bool):
        raise NotUnderstood
    return SubscriptionFacts(
        stripe_id=_id(thing.get("id")),
        status=status,
        cancel_at_period_end=cancels,
        period_end=_latest(thing, "items", lambda item: item.get("current_period_end")),
        prices=tuple(sorted({_price(item) for item in _rows(thing, "items")})),
        at=at,
        rank=FINAL_RANK if status in FINAL else rank,
    )


def invoice_in(event: StripeEvent) -> InvoiceFacts:
    """Raises NotUnderstood."""
    return invoice_facts(event.thing, paid=event.type == "invoice.paid", at=event.happened_at)


def invoice_facts(thing: Json, *, paid: bool, at: datetime) -> InvoiceFacts:
    """Of an invoice as Stripe shows it since version 2025-03-31.

    Raises:
        NotUnderstood: it isn't one.
    """
    currency = thing.get("currency")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise NotUnderstood
    subscription = thing.get("parent")
    for name in ("subscription_details", "subscription"):
        subscription = subscription.get(name) if isinstance(subscription, Mapping) else None
    return InvoiceFacts(
        paid=paid,
        at=at,
        attempts=_count(thing.get("attempt_count")),
        amount=_count(thing.get("amount_paid" if paid else "amount_due")),
        currency=currency,
        period_end=_latest(thing, "lines", lambda line: _period_end(line.get("period"))),
        subscription_id=_id(subscription) if subscription is not None else "",
    )


def id_in(event: StripeEvent) -> str:
    """Of the object that it is about.

    Raises:
        NotUnderstood: it has none.
    """
    return _id(event.thing.get("id"))


def _latest(thing: Json, name: str, end: Any) -> datetime:
    try:
        return max(time_of(end(row)) for row in _rows(thing, name))
    except NotAnEvent:
        raise NotUnderstood from None


def _rows(thing: Json, name: str) -> list[Json]:
    parts = thing.get(name)
    rows = parts.get("data") if isinstance(parts, Mapping) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise NotUnderstood
    return rows


def _price(item: Json) -> str:
    price = item.get("price")
    return _id(price.get("id") if isinstance(price, Mapping) else None)


def _period_end(period: object) -> object:
    return period.get("end") if isinstance(period, Mapping) else None


def _id(value: object) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise NotUnderstood
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise NotUnderstood
    return value
