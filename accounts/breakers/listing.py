"""How the promises about other systems' lists of people are broken on purpose."""

from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from django.db.models.functions import Now
from django.utils.crypto import get_random_string

from accounts.breakers.couple import a_couple
from accounts.elsewhere.contact import verified_couples
from accounts.elsewhere.identity import couples
from accounts.elsewhere.listing import differs
from accounts.invariants.listing import (
    DELETED_CONTACTS,
    DELETED_IDENTITIES,
    NOBODYS_CONTACTS,
    NOBODYS_IDENTITIES,
    UNLIKE_CONTACTS,
    UNLIKE_IDENTITIES,
)
from accounts.models import Address, Contact, Difference, Identity, Listing, Tombstone
from accounts.models.deletion import digest
from integrity.selftest import breaker

Of, What = Listing.Of, Difference.What
LONG_AGO = datetime(2020, 2, 2, tzinfo=UTC)


def _see_twice(difference: Difference) -> None:
    """By two readings, the last of which has just ended."""
    for _ in range(2):
        listing = Listing.objects.create(of=difference.of, finished_at=Now())
    difference.seen_in, difference.readings = listing, 2
    difference.save(force_insert=True)
    Difference.objects.filter(pk=difference.pk).update(first_seen_at=LONG_AGO)


def _buried(of: Listing.Of) -> None:
    uid, contact = uuid4(), get_random_string(12)
    Tombstone.objects.create(uid=uid, vendor_ids=[digest(contact)])
    _see_twice(differs(of, What.DELETED, str(uid) if of == Of.IDENTITIES else contact, uid))


def _nobodys(of: Listing.Of) -> None:
    uid = uuid4()
    _see_twice(differs(of, What.NOBODYS, str(uid), uid if of == Of.IDENTITIES else None))


breaker(DELETED_IDENTITIES)(partial(_buried, Of.IDENTITIES))
breaker(DELETED_CONTACTS)(partial(_buried, Of.CONTACTS))
breaker(NOBODYS_IDENTITIES)(partial(_nobodys, Of.IDENTITIES))
breaker(NOBODYS_CONTACTS)(partial(_nobodys, Of.CONTACTS))


@breaker(UNLIKE_IDENTITIES)
def change_an_identity_there() -> None:
    couple = a_couple()
    told = couples().get(pk=couple.pk).fingerprint
    Identity.objects.create(user=couple, told=told)
    _see_twice(differs(Of.IDENTITIES, What.OTHERWISE, str(couple.uid), couple.uid))


@breaker(UNLIKE_CONTACTS)
def change_a_contact_there() -> None:
    couple = a_couple()
    Address.objects.filter(user=couple).update(verified=True)
    contact = get_random_string(12)
    Contact.objects.create(user=couple, contact_id=contact)
    told = verified_couples().get(pk=couple.pk).fingerprint
    Contact.objects.filter(user=couple).update(told=told)
    _see_twice(differs(Of.CONTACTS, What.OTHERWISE, contact, couple.uid))
