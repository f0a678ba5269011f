"""System checks: a vendor is configured as a whole, or not at all."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# Which of a vendor's settings make no sense without which others.
TOGETHER = {
    "STRIPE_API_KEY": ("STRIPE_PRICE", "STRIPE_WEBHOOK_SECRETS"),
    "STRIPE_PRICE": ("STRIPE_API_KEY",),
    "STRIPE_WEBHOOK_SECRETS": ("STRIPE_API_KEY",),
    "RESEND_SEGMENT": ("RESEND_CONTACTS_KEY",),
    "SUPABASE_URL": ("SUPABASE_SERVICE_KEY",),
    "SUPABASE_SERVICE_KEY": ("SUPABASE_URL",),
}
ADDRESSES = ("STRIPE_API_URL", "STRIPE_CHECKOUT_URL", "RESEND_API_URL", "SUPABASE_URL")


@register("accounts")
def check_vendors(**kwargs: Any) -> list[CheckMessage]:
    return [*_halves(), *_unsafe_addresses()]


def _halves() -> Iterator[CheckMessage]:
    for name, others in TOGETHER.items():
        missing = [other for other in others if not getattr(settings, other)]
        if getattr(settings, name) and missing:
            yield Error(
                f"{name} is set, but {' and '.join(missing)} is not.",
                hint="Set all of them, or none: without them, what needs this vendor isn't offered.",
                id="accounts.E001",
            )


def _unsafe_addresses() -> Iterator[CheckMessage]:
    """A key that is sent in the clear is everybody's."""
    for name in ADDRESSES:
        address = getattr(settings, name)
        if address and not settings.DEBUG and not address.startswith("https://"):
            yield Error(
                f"{name} doesn't begin with https://.",
                hint="The vendor's key would be sent in the clear.",
                id="accounts.E002",
            )
