"""The point of no return: a tombstone, and what has to be known to finish without the account."""

from typing import Any

from django.db.models.functions import Now

from accounts.locks import hold_user
from accounts.models import Contact, Customer, Subscription, Tombstone, User
from accounts.models.deletion import digest
from integrity.transactions import transaction_required

# Sealed with the saga from the seal on: under which ids each vendor knows the account.
TARGETS = "targets"


@transaction_required
def seal_account(user: User, *, customers: list[str], contacts: list[str]) -> dict[str, Any]:
    """Bury the account: nobody logs in any more, nothing that vendors tell brings it back.

    Args:
        customers: that Stripe knows as theirs, also where we had not heard of them.
        contacts: the same of Resend.

    Returns:
        Under which ids each vendor knows them, and where the last mail goes.

    Raises:
        UserNotFound: there is nothing to seal.
    """
    user = hold_user(user)
    customers = sorted({*customers, *_ids(Customer.objects.filter(user=user))})
    kept = Contact.objects.filter(user=user).exclude(contact_id="").values_list("contact_id")
    contacts = sorted({*contacts, *(id for (id,) in kept)})
    known = [*customers, *contacts, *_ids(Subscription.objects.filter(user=user)), str(user.uid)]
    _bury(user, set(map(digest, known)))
    User.objects.filter(pk=user.pk).update(is_active=False, sessions_ended_at=Now())
    return {"email": user.email, "customers": customers, "contacts": contacts}


def _bury(user: User, digests: set[str]) -> None:
    """Where it was sealed before, and came back, what was known then counts as well."""
    tombstone, _ = Tombstone.objects.get_or_create(uid=user.uid)
    tombstone.vendor_ids = sorted({*tombstone.vendor_ids, *digests})
    tombstone.save(update_fields=["vendor_ids"])


def _ids(rows: Any) -> list[str]:
    return list(rows.values_list("pk", flat=True))
