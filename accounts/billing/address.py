"""Where Stripe sends what it writes to whoever pays: to the address of the account, also once it has
changed.

A change promises one effect, which reads how things are when it is delivered; so late and doubled
promises end in the same address.
"""

from contextlib import suppress
from uuid import UUID, uuid4

from accounts.clients.outcomes import Missing
from accounts.clients.payments import payments
from accounts.errors import AccountError
from accounts.models import Customer, User
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

TELL_STRIPE = "accounts.tell_stripe"


class NoStripeKey(AccountError):
    """STRIPE_API_KEY is not set, so Stripe can't be told. Set it; this is tried again."""


@transaction_required
def promise_address(user: User) -> None:
    """Have Stripe told the account's address, after COMMIT; nothing for whoever it doesn't know."""
    if Customer.objects.filter(user=user, deleted_at=None).exists():
        order = f"stripe:{user.uid}"
        enqueue(TELL_STRIPE, key=order, payload={"user": str(user.uid)}, ordering_key=order)


def tell_address(uid: UUID) -> None:
    """Nobody is told of whoever leaves: Stripe forgets them, or this is promised anew.

    Raises:
        NoStripeKey: later.
        VendorError: see accounts.clients.outcomes. All of it may be done again.
    """
    client = payments()
    if client is None:
        raise NoStripeKey
    theirs = Customer.objects.filter(user__uid=uid, user__leaving_since=None, deleted_at=None)
    for customer in theirs.select_related("user__profile").order_by("pk"):
        user = customer.user
        # Set to a value, so that an old answer to an old key would be of no use.
        with suppress(Missing):
            client.update_customer(
                customer.pk, email=user.email, name=user.profile.name, key=f"address:{uuid4()}"
            )
