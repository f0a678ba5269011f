"""What a price is, in words, as Stripe has it."""

import logging
from decimal import Decimal

from django.core.cache import cache

from accounts.clients.outcomes import VendorError
from accounts.clients.payments import payments
from integrity.log import log_event

logger = logging.getLogger(__name__)
# A price is never changed at Stripe, only replaced; who can't be asked isn't asked at each click.
KEPT, KEPT_WITHOUT_ANSWER = 86_400, 60
# A visitor waits, who can do without it.
PATIENCE = 3.0
SIGNS = {"eur": "€", "gbp": "£", "usd": "$"}
# Source: Stripe's page "Supported currencies", zero-decimal currencies.
WHOLE = {
    *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
    *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
}
EVERY = {"day": "a day", "week": "a week", "month": "a month", "year": "a year"}


def in_words(price: str) -> str:
    """Such as "€19.00 a month"; blank where it isn't known now. It is told again before paying.

    Args:
        price: its id at Stripe.
    """
    if not price:
        return ""
    key = f"accounts.price:{price}"
    if (known := cache.get(key)) is None:
        # Whoever looks meanwhile doesn't wait as well.
        cache.set(key, "", KEPT_WITHOUT_ANSWER)
        if known := _asked(price):
            cache.set(key, known, KEPT)
    return str(known)


def money(amount: int, currency: str) -> str:
    """
    Args:
        amount: in the currency's smallest unit.
    """
    number = f"{amount:,}" if currency in WHOLE else f"{Decimal(amount) / 100:,.2f}"
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def _asked(price: str) -> str:
    client = payments(patience=PATIENCE)
    try:
        found = client.price(price) if client else None
    except VendorError as error:
        log_event(logger, logging.WARNING, "accounts.price_not_read", error=str(error))
        return ""
    if not found or not isinstance(found.get("unit_amount"), int):
        return ""
    recurring = found.get("recurring") or {}
    every = EVERY.get(recurring.get("interval", ""))
    if every is None or recurring.get("interval_count") != 1:
        return ""
    return f"{money(found['unit_amount'], str(found.get('currency')))} {every}"
