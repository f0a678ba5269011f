"""Tell Resend how a person is, outside any transaction, and keep what it confirmed.

A contact is held by the id that is stored. Its address only finds one that somebody else made, or
that was made by a try whose answer was lost.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from accounts.clients.contacts import Contact as There
from accounts.clients.contacts import Contacts, contacts
from accounts.clients.outcomes import Missing, Unknown
from accounts.elsewhere.contact import (
    doubt_contact,
    note_contact,
    note_unsubscribed,
    verified_couples,
)
from accounts.elsewhere.set_right import forget_removed
from accounts.errors import AccountError, UserNotFound
from accounts.models import Contact, Listing, User


class NoContactsKey(AccountError):
    """RESEND_CONTACTS_KEY is not set, so Resend can't be told. Set it; this is tried again."""


class AddressIsTaken(AccountError):
    """Resend knows another person of ours by this address, who has to be synced first."""


@dataclass(frozen=True)
class Person:
    """As they are now, and what Resend was told of them; see accounts.elsewhere.contact."""

    user: User
    email: str
    name: str
    unsubscribed: bool
    fingerprint: str
    contact_id: str
    told: str
    muted_by_us: bool


def sync_contact(uid: UUID) -> None:
    """Make the person's contact as the person is now. Once it is, nobody is asked.

    Raises:
        NoContactsKey, AddressIsTaken: later.
        VendorError: see accounts.clients.outcomes. All of it may be done again.
    """
    person = _person(uid)
    if person is None or person.told == person.fingerprint:
        return
    client = _client()
    holder = _holder(client, person)
    own = _own(client, person, holder)
    if _unsubscribed_there(person, holder, own):
        return _take_over(person)
    doubt_contact(person.user)
    try:
        id = _tell(client, person, holder, own)
    except Missing as error:
        # Somebody has removed it since it was looked for. Another look finds that.
        raise Unknown(error.operation, status=error.status, code="removed_meanwhile") from None
    note_contact(
        user=person.user, contact_id=id, told=person.fingerprint, muted=person.unsubscribed
    )


def remove_contact(id: str) -> None:
    """By its id.

    Raises:
        NoContactsKey: later.
        VendorError: see accounts.clients.outcomes.
    """
    _client().remove(id)
    forget_removed(Listing.Of.CONTACTS, id)


def _client() -> Contacts:
    client = contacts()
    if client is None:
        raise NoContactsKey
    return client


def _person(uid: UUID) -> Person | None:
    facts = [name for name in Person.__annotations__ if name != "user"]
    row = verified_couples().filter(uid=uid).values("pk", *facts).first()
    return Person(user=User(pk=row.pop("pk"), uid=uid), **row) if row else None


def _holder(client: Contacts, person: Person) -> There | None:
    """Whom Resend knows by this address."""
    found = client.find(person.email)
    theirs = Contact.objects.exclude(user=person.user)
    if found and theirs.filter(contact_id=found.id).exists():
        raise AddressIsTaken
    return found


def _own(client: Contacts, person: Person, holder: There | None) -> There | None:
    """Whom Resend knows by the id that is stored."""
    if holder and holder.id == person.contact_id:
        return holder
    return client.find(person.contact_id) if person.contact_id else None


def _unsubscribed_there(person: Person, *known: There | None) -> bool:
    """Whether a link in one of Resend's mails was followed, of which nobody has told us."""
    is_news = not (person.unsubscribed or person.muted_by_us)
    return is_news and any(each.unsubscribed for each in known if each)


def _take_over(person: Person) -> None:
    try:
        note_unsubscribed(user=person.user)
    except UserNotFound:
        return
    sync_contact(person.user.uid)


def _tell(client: Contacts, person: Person, holder: There | None, own: There | None) -> str:
    """Returns the id of the one contact that is left."""
    id = own.id if own else ""
    wanted = There(id, person.email, person.name, "", person.unsubscribed)
    if own and holder in (None, own):
        client.set(wanted)
    else:
        id = client.put(
            email=wanted.email,
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            unsubscribed=wanted.unsubscribed,
        )
    if own and own.id != id:
        client.remove(own.id)
    if settings.RESEND_SEGMENT:
        client.add_to_segment(id, settings.RESEND_SEGMENT)
    return id
