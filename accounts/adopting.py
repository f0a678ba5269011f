"""Read all identities that the provider lists; make the accounts that are missing here.

What stops half-way goes on where it stopped. Only a reading that was finished says who of ours is
missing there; each of them is asked for once more, because a list that is read page by page shifts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.addresses.change import find_change
from accounts.clients.identity import Identities, Identity, identities
from accounts.elsewhere.identity import (
    agrees,
    couples,
    note_listed,
    note_otherwise,
    promise_identity,
)
from accounts.elsewhere.pages import pages, patiently
from accounts.emails import canonical_email
from accounts.errors import AccountError, EmailTaken
from accounts.lookup import is_promised
from accounts.models import IdentityReading, Tombstone, User
from accounts.models.passes import unfinished
from accounts.signup import insert_rows
from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.retention import Expiring, expiring
from integrity.sqlstate import constraint_name

UID_IS_UNIQUE = "accounts_user_uid_key"


class NoProvider(AccountError):
    """No identity provider is configured. Set SUPABASE_URL and SUPABASE_SERVICE_KEY."""


class ReadElsewhere(AccountError):
    """Another reading has gone on from here. It has noted what was read."""


class AdoptedBefore(AccountError):
    """There is an account of this id by now. Another reading was quicker."""


class What(StrEnum):
    """What became of an identity, or is wrong with it."""

    KNOWN = "known"
    ADOPTED = "adopted"
    ADOPTED_OFF = "adopted_off"
    TO_ADOPT = "to_adopt"
    OTHERWISE = "otherwise"
    DELETED_HERE = "deleted_here"
    ADDRESS_TAKEN = "address_taken"
    NO_ADDRESS = "no_address"
    NOT_THERE = "not_there"


@dataclass(frozen=True)
class Line:
    id: UUID
    what: What


def look_for_adoptions() -> Iterator[Line]:
    """What `adopt_identities` would come to, read in one go; nothing is written.

    Raises:
        NoProvider: there is nobody to ask.
        VendorError: see accounts.clients.outcomes. What was found so far isn't all.
    """
    client, seen, began = _client(), set[UUID](), timezone.now()
    for _, listed in pages(client, 1):
        seen.update(each.id for each in listed)
        yield from (Line(each.id, what) for each, what in _judged(client, listed))
    yield from _missing_there(client, began, ~Q(uid__in=seen))


def adopt_identities(*, by: Actor) -> Iterator[Line]:
    """Read all of them, outside any transaction, and adopt whoever has no account here.

    Raises:
        NoProvider, ReadElsewhere: see there.
        VendorError: it stays unfinished; call again later, and it goes on.
    """
    client = _client()
    reading = unfinished(IdentityReading) or IdentityReading.objects.create()
    reading.refresh_from_db()
    # One page again: what was removed there meanwhile has moved the rest up.
    for number, listed in pages(client, max(1, reading.page - 1)):
        lines = [
            Line(each.id, _carried_out(what, each, by)) for each, what in _judged(client, listed)
        ]
        wrong = [each.id for each in lines if each.what == What.OTHERWISE]
        note_page(reading=reading, number=number, listed=listed, otherwise=wrong, by=by)
        # Not in the flow, which may run again as a whole.
        reading.page = max(reading.page, number + 1)
        yield from lines
    missing = list(_missing_there(client, reading.started_at, _unseen_since(reading)))
    finish_reading(reading=reading, missing=[each.id for each in missing], by=by)
    yield from missing


@flow("accounts.adopt_identity")
def adopt_identity(*, identity: Identity, email: str, password_hash: str, by: Actor) -> User:
    """Make the account of whoever the provider knows: user, address, profile, wedding, stats.

    No mail is sent: they didn't sign up here. Their first log-in is a reset of the password; whoever
    is banned there is switched off here, and has none.

    Args:
        email: the identity's, in its canonical spelling.
        password_hash: of no password; passwords are not to be had from the provider.

    Raises:
        EmailTaken: another account here has the address.
        AdoptedBefore: nothing was made now.
    """
    user = _insert(identity, email=email, password=password_hash)
    note_listed([identity])
    if identity.email != email:
        promise_identity(user)
    audit("accounts.identity_adopted", by=by, subject=user)
    return user


@flow("accounts.note_identities")
def note_page(
    *,
    reading: IdentityReading,
    number: int,
    listed: Sequence[Identity],
    otherwise: Sequence[UUID],
    by: Actor,
) -> None:
    """Keep who of a page is ours, and who is not as we told it; go on after it.

    Raises:
        ReadElsewhere: nothing was noted now.
    """
    note_listed(listed)
    note_otherwise(otherwise)
    still = IdentityReading.objects.filter(pk=reading.pk, page=reading.page, finished_at=None)
    page = max(reading.page, number + 1)
    if not still.update(page=page, read=F("read") + len(listed)):
        raise ReadElsewhere


@flow("accounts.finish_reading")
def finish_reading(*, reading: IdentityReading, missing: Sequence[UUID], by: Actor) -> None:
    """All was read, so whoever of ours was not there is not there."""
    note_otherwise(missing)
    IdentityReading.objects.filter(pk=reading.pk).update(finished_at=Now())


def _insert(identity: Identity, **more: str) -> User:
    try:
        return insert_rows(
            is_verified=identity.is_verified,
            uid=identity.id,
            is_active=not identity.is_banned,
            **more,
        )[0]
    except IntegrityError as error:
        if constraint_name(error) == UID_IS_UNIQUE:
            raise AdoptedBefore from error
        raise


def _client() -> Identities:
    client = identities()
    if client is None:
        raise NoProvider
    return client


def _judged(client: Identities, listed: Sequence[Identity]) -> list[tuple[Identity, What]]:
    ids = [each.id for each in listed]
    ours = {user.uid: user for user in couples().filter(uid__in=ids)}
    here = set(User.objects.filter(uid__in=ids).values_list("uid", flat=True))
    gone = set(Tombstone.objects.filter(uid__in=ids).values_list("uid", flat=True))

    def judge(each: Identity) -> What:
        if each.id in gone:
            return What.DELETED_HERE
        if each.id in ours:
            return What.KNOWN if agrees(each, ours[each.id]) else _second_look(client, each.id)
        return What.KNOWN if each.id in here else _to_adopt(each)

    return [(each, judge(each)) for each in listed]


def _second_look(client: Identities, uid: UUID) -> What:
    """It may have been told while the page was on its way."""
    found, user = patiently(partial(client.find, uid)), couples().filter(uid=uid).first()
    if found is None or user is None or agrees(found, user):
        return What.KNOWN
    # A change that is under way settles what the provider has.
    return What.KNOWN if find_change(user) else What.OTHERWISE


def _to_adopt(identity: Identity) -> What:
    try:
        email = canonical_email(identity.email)
    except ValidationError:
        return What.NO_ADDRESS
    is_taken = User.objects.filter(email=email).exists() or is_promised(email)
    return What.ADDRESS_TAKEN if is_taken else What.TO_ADOPT


def _carried_out(what: What, identity: Identity, by: Actor) -> What:
    if what != What.TO_ADOPT:
        return what
    email, none = canonical_email(identity.email), make_password(None)
    try:
        adopt_identity(identity=identity, email=email, password_hash=none, by=by)
    except AdoptedBefore:
        return What.KNOWN
    except EmailTaken:
        is_theirs = User.objects.filter(uid=identity.id).exists()
        return What.KNOWN if is_theirs else What.ADDRESS_TAKEN
    return What.ADOPTED_OFF if identity.is_banned else What.ADOPTED


def _unseen_since(reading: IdentityReading) -> Q:
    return Q(identity__seen_at=None) | Q(identity__seen_at__lt=reading.started_at)


def _missing_there(client: Identities, began: Any, unseen: Q) -> Iterator[Line]:
    """Whoever was here when the reading began, and is not there now either."""
    for uid in couples().filter(unseen, date_joined__lt=began).values_list("uid", flat=True):
        if patiently(partial(client.find, uid)) is None:
            yield Line(uid, What.NOT_THERE)


expiring.append(
    Expiring(
        "readings of identities", lambda cut: IdentityReading.objects.filter(started_at__lt=cut)
    )
)
