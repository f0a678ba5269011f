"""Tell the identity provider how a person is, outside any transaction, and keep what it confirmed.

An identity is held by its id, which is the user's; its address only tells whether somebody else has
that one there.
"""

from dataclasses import dataclass
from uuid import UUID

from accounts.clients.identity import Identities, identities
from accounts.clients.outcomes import Missing, Rejected
from accounts.elsewhere.identity import couples, doubt_identity, note_identity
from accounts.elsewhere.set_right import AS_BANNED, forget_differences, forget_removed
from accounts.errors import AccountError
from accounts.lookup import on_its_way
from accounts.models import Listing, User

TAKEN = "email_exists"
# Whoever gave the address up a moment ago is told of in as many tries.
PATIENCE = 4


class NoIdentityKey(AccountError):
    """SUPABASE_URL and SUPABASE_SERVICE_KEY are not set, so the provider can't be told. Set them;
    this is tried again."""


class NotYetFree(AccountError):
    """Another identity at the provider has this address. It may be about to give it up."""


class ChangedThere(AccountError):
    """Somebody else changed this identity at the provider just now. It is read again."""


@dataclass(frozen=True)
class Person:
    """As they are now, and what the provider was told of them; see accounts.elsewhere.identity."""

    user: User
    email: str
    verified: bool
    fingerprint: str
    told: str


def make_identity(uid: UUID, *, tries: int) -> None:
    """Make the person's identity as the person is now. Once it is, nobody is asked.

    While their address is being changed, that tells the provider, and promises this at its end.

    An address that stays somebody else's there is kept as the reason why there is none: more tries
    would end the same, and accounts.every_couple_has_an_identity finds it.

    Args:
        tries: how often this was tried before.

    Raises:
        NoIdentityKey, NotYetFree, ChangedThere: later.
        VendorError: see accounts.clients.outcomes. All of it may be done again.
    """
    person = _person(uid)
    if person is None or person.told == person.fingerprint or on_its_way(person.user).exists():
        return
    client = _client()
    doubt_identity(person.user)
    try:
        tell(client, person.user.uid, email=person.email, verified=person.verified)
    except Missing:
        raise ChangedThere from None
    except Rejected as error:
        return _give_up(person, error, tries)
    note_identity(user=person.user, told=person.fingerprint)


def remove_identity(uid: UUID) -> None:
    """
    Raises:
        NoIdentityKey: later.
        VendorError: see accounts.clients.outcomes.
    """
    _client().remove(uid)
    forget_removed(Listing.Of.IDENTITIES, str(uid))


def match_ban(uid: UUID) -> None:
    """Ban the identity of an account that is switched off here, and free that of any other.

    Raises:
        NoIdentityKey: later.
        VendorError: see accounts.clients.outcomes. All of it may be done again.
    """
    user, client = couples().filter(uid=uid).first(), _client()
    found = client.find(uid) if user else None
    if user and found and found.is_banned == user.is_active:
        (client.free if user.is_active else client.ban)(uid)
    forget_differences(Listing.Of.IDENTITIES, uid, AS_BANNED)


def _client() -> Identities:
    client = identities()
    if client is None:
        raise NoIdentityKey
    return client


def _person(uid: UUID) -> Person | None:
    facts = [name for name in Person.__annotations__ if name != "user"]
    row = couples().filter(uid=uid).values("pk", *facts).first()
    return Person(user=User(pk=row.pop("pk"), uid=uid), **row) if row else None


def tell(client: Identities, uid: UUID, *, email: str, verified: bool) -> None:
    """
    Raises:
        Missing: somebody has removed it since it was looked for.
        VendorError: see accounts.clients.outcomes.
    """
    found = client.find(uid)
    if found is None:
        client.create(uid, email=email, is_verified=verified)
    elif found.email.lower() != email or (verified and not found.is_verified):
        client.set_email(uid, email=email, is_verified=verified)


def _give_up(person: Person, error: Rejected, tries: int) -> None:
    if error.code == "id_taken":
        raise ChangedThere from None
    if error.code != TAKEN:
        raise error
    if tries < PATIENCE:
        raise NotYetFree from None
    note_identity(user=person.user, told="", refused=TAKEN)
