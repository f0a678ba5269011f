"""The two lists of people: the identities at the provider, and the contacts at Resend.

Of ours, only what was confirmed there is held against them. What was not confirmed is found without
asking: accounts.every_couple_has_an_identity, accounts.resend_knows_every_verified_couple.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from accounts.clients.contacts import PAGE, contacts
from accounts.clients.contacts import Contact as Reached
from accounts.clients.identity import Identity as Known
from accounts.clients.identity import identities
from accounts.clients.waiting import in_pages
from accounts.elsewhere import identity
from accounts.elsewhere.contact import verified_couples
from accounts.elsewhere.identity import agrees, couples
from accounts.elsewhere.listing import Side, differs
from accounts.elsewhere.pages import pages
from accounts.models import Contact, Difference, Listing, Tombstone, User
from accounts.models.deletion import digest
from integrity.transactions import transaction_required

Of, What = Listing.Of, Difference.What


def _identity_pages(after: str) -> Iterator[tuple[str, list[Known]]]:
    """One page again: what was removed there meanwhile has moved the rest up."""
    client = identities()
    assert client is not None
    for number, listed in pages(client, max(1, int(after or 1) - 1)):
        yield str(number + 1), listed


@transaction_required
def _note_identities(listed: Sequence[Known]) -> list[Difference]:
    identity.note_listed(listed)
    ids = [each.id for each in listed]
    ours = {user.uid: user for user in couples().filter(uid__in=ids)}
    here = set(User.objects.filter(uid__in=ids).values_list("uid", flat=True))
    gone = set(Tombstone.objects.filter(uid__in=ids).values_list("uid", flat=True))

    def judge(each: Known) -> Iterator[str]:
        if each.id in gone:
            yield What.DELETED
        elif each.id in ours:
            yield from _unlike(each, ours[each.id])
        elif each.id not in here:
            yield What.NOBODYS

    return [
        differs(Of.IDENTITIES, what, str(each.id), each.id)
        for each in listed
        for what in judge(each)
    ]


def _unlike(there: Known, user: Any) -> Iterator[str]:
    if user.told == user.fingerprint and not agrees(there, user):
        yield What.OTHERWISE
    if there.is_banned == user.is_active:
        yield What.BANNED if there.is_banned else What.FREE


def _identities_unseen(since: datetime) -> "QuerySet[Any]":
    unseen = Q(identity__seen_at=None) | Q(identity__seen_at__lt=since)
    return confirmed(Of.IDENTITIES).filter(unseen, date_joined__lt=since)


def _contact_pages(after: str) -> Iterator[tuple[str, list[Reached]]]:
    client = contacts()
    assert client is not None
    # Its client rests between any two calls.
    for page in in_pages(client.all(after=after), PAGE, pause=0):
        yield page[-1].id, page


@transaction_required
def _note_contacts(listed: Sequence[Reached]) -> list[Difference]:
    """Somebody at an address of ours under another id was made by somebody else, and is found when
    we are told of the person."""
    ids = [each.id for each in listed]
    Contact.objects.filter(contact_id__in=ids).update(seen_at=Now())
    known = dict(Contact.objects.filter(contact_id__in=ids).values_list("contact_id", "user__uid"))
    rows = confirmed(Of.CONTACTS).filter(contact_id__in=ids)
    ours = {user.contact_id: user for user in rows}
    emails = [each.email.lower() for each in listed]
    here = set(User.objects.filter(email__in=emails).values_list("email", flat=True))
    gone = _buried(ids)

    def judge(each: Reached) -> Iterator[tuple[str, UUID | None]]:
        if uid := gone.get(digest(each.id)):
            yield What.DELETED, uid
        elif each.id in ours:
            yield from ((what, ours[each.id].uid) for what in _other(each, ours[each.id]))
        elif each.id not in known and each.email.lower() not in here:
            yield What.NOBODYS, None

    return [
        differs(Of.CONTACTS, what, each.id, uid) for each in listed for what, uid in judge(each)
    ]


def _buried(ids: Sequence[str]) -> dict[str, UUID]:
    """Under which digest whom a tombstone stands for."""
    digests = set(map(digest, ids))
    stones = Tombstone.objects.filter(vendor_ids__overlap=list(digests))
    return {each: stone.uid for stone in stones for each in digests & set(stone.vendor_ids)}


def _other(there: Reached, user: Any) -> Iterator[str]:
    if (there.email.lower(), there.first_name, there.last_name) != (user.email, user.name, ""):
        yield What.OTHERWISE
    if there.unsubscribed != user.unsubscribed:
        yield What.MUTED if there.unsubscribed else What.HEARD


def _contacts_unseen(since: datetime) -> "QuerySet[Any]":
    unseen = Q(contact__seen_at=None) | Q(contact__seen_at__lt=since)
    return confirmed(Of.CONTACTS).filter(unseen, date_joined__lt=since)


def confirmed(of: Listing.Of) -> "QuerySet[Any]":
    """Of ours, those whom the other side has confirmed as they are now."""
    people = couples() if of == Of.IDENTITIES else verified_couples()
    return people.filter(told=F("fingerprint"))


SIDES = {
    Of.IDENTITIES: Side(
        of=Of.IDENTITIES,
        vendor="The identity provider",
        set_first="Set SUPABASE_URL and SUPABASE_SERVICE_KEY first.",
        is_configured=identity.is_configured,
        pages=_identity_pages,
        note=_note_identities,
        unseen=_identities_unseen,
    ),
    Of.CONTACTS: Side(
        of=Of.CONTACTS,
        vendor="Resend for contacts",
        set_first="Set RESEND_CONTACTS_KEY first.",
        is_configured=lambda: bool(settings.RESEND_CONTACTS_KEY),
        pages=_contact_pages,
        note=_note_contacts,
        unseen=_contacts_unseen,
    ),
}
