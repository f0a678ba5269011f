"""What Resend is to know of a verified couple: who they are, and whether they want our news.

Whatever changes that promises one effect, which reads how things are when it is delivered; so late,
doubled and overtaken promises end in the same contact. accounts.elsewhere.contact_sync delivers it.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case, CharField, Exists, F, Func, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat

from accounts.clients.contacts import Contact as There
from accounts.clients.contacts import Contacts
from accounts.elsewhere.set_right import AS_TOLD, forget_differences
from accounts.errors import UserNotFound
from accounts.locks import hold_user, lock_user
from accounts.models import Contact, Kind, Listing, Tombstone, User
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

SYNC_CONTACT = "accounts.sync_contact"
REMOVE_CONTACT = "accounts.remove_contact"
ORDER = "contact:"
BETWEEN = Value("\x1f")


class Fingerprint(Func):
    """SHA-256 in hexadecimal, so that what was told isn't kept a second time."""

    template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    arity = 1
    output_field = CharField()


def verified_couples() -> "QuerySet[Any]":
    """The users whom Resend may know: nobody else is ever sent there, nor told anew while they leave.

    Annotated with `name`, `unsubscribed`, `contact_id`, `told` and `muted_by_us`, and with
    `fingerprint`: equal to `told` where Resend knows them as they are.
    """
    gone = Tombstone.objects.filter(uid=OuterRef("uid"))
    staying = User.objects.filter(~Exists(gone), kind=Kind.COUPLE, leaving_since=None)
    couples = staying.filter(profile__email_verified=True)
    muted = Case(When(contact__unsubscribed=True, then=Value("muted")), default=Value(""))
    facts: list[Combinable] = [F("email"), BETWEEN, F("profile__name"), BETWEEN, muted]
    return couples.annotate(
        name=F("profile__name"),
        unsubscribed=Coalesce("contact__unsubscribed", False),
        contact_id=Coalesce("contact__contact_id", Value("")),
        told=Coalesce("contact__told", Value("")),
        muted_by_us=Coalesce("contact__muted_by_us", False),
        fingerprint=Fingerprint(Concat(*facts)),
    )


def to_be_told() -> "QuerySet[Any]":
    """All of them where the contacts are configured, else whoever is known there already.

    For a key that got lost doesn't take back that somebody unsubscribed.
    """
    if settings.RESEND_CONTACTS_KEY:
        return verified_couples()
    return verified_couples().filter(~Q(contact_id=""))


@transaction_required
def promise_contact(user: User) -> None:
    """Have Resend told how the user is, after COMMIT; nothing for whoever it may not know."""
    if to_be_told().filter(pk=user.pk).exists():
        _promise(SYNC_CONTACT, user.uid, user=str(user.uid))


def _promise(effect: str, uid: UUID, key: str = "", **ids: str) -> None:
    enqueue(effect, key=key or f"{ORDER}{uid}", payload=ids, ordering_key=f"{ORDER}{uid}")


@flow("accounts.choose_news")
def choose_news(*, user: User, wanted: bool, by: Actor, operation: str = "") -> None:
    """Unsubscribe from our news, or take that back.

    Raises:
        AlreadyDone: this very submission was committed before.
    """
    claim_operation(operation and f"{operation}:{user.uid}:{wanted}")
    user = lock_user(user)
    known = _row_of(user)
    _store(user, unsubscribed=not wanted, muted_by_us=known.muted_by_us or not wanted)
    promise_contact(user)
    audit("accounts.news_chosen", by=by, subject=user, detail={"wanted": wanted})


def wants_news(user: User) -> bool:
    return not _row_of(user).unsubscribed


@flow("accounts.note_unsubscribed")
def note_unsubscribed(*, user: User) -> None:
    """They unsubscribed at Resend, by the link in one of its mails, and that is how it stays.

    Raises:
        UserNotFound: the account is gone.
    """
    _store(hold_user(user), unsubscribed=True, muted_by_us=True)


def doubt_contact(user: User) -> None:
    """From here on until it is confirmed, nobody can say what Resend knows."""
    Contact.objects.filter(user=user).exclude(told="").update(told="")


@flow("accounts.note_contact")
def note_contact(*, user: User, contact_id: str, told: str, muted: bool) -> None:
    """Keep what Resend confirmed. Where the account was deleted meanwhile, its contact goes, too.

    Args:
        told: the fingerprint of what it confirmed, which may have changed since.
        muted: whether the contact was muted by that.
    """
    try:
        user = hold_user(user)
    except UserNotFound:
        return promise_removal(user.uid, contact_id)
    if Tombstone.objects.filter(uid=user.uid).exists():
        return promise_removal(user.uid, contact_id)
    is_ours = muted or _row_of(user).unsubscribed
    _store(user, contact_id=contact_id, told=told, muted_by_us=is_ours)
    forget_differences(Listing.Of.CONTACTS, user.uid, AS_TOLD)


@transaction_required
def promise_removal(uid: UUID, contact_id: str) -> None:
    """Of whoever was deleted here."""
    _promise(REMOVE_CONTACT, uid, key=contact_id, contact=contact_id)


def contact_of(client: Contacts, user: User) -> There | None:
    """By the id that is stored; without one, by the address, for the answer to its making may have
    been lost. Until the account is sealed, the address is theirs."""
    kept = Contact.objects.filter(user=user).exclude(contact_id="").first()
    if kept is None and Tombstone.objects.filter(uid=user.uid).exists():
        return None  # It was sealed before, and is back; the address may be somebody else's since.
    found = client.find(kept.contact_id if kept else user.email)
    theirs = Contact.objects.exclude(user=user)
    if found is None or theirs.filter(contact_id=found.id).exists():
        return None
    return found


def _row_of(user: User) -> Contact:
    return Contact.objects.filter(user=user).first() or Contact(user=user)


def _store(user: User, **values: object) -> None:
    Contact.objects.bulk_create(
        [Contact(user=user, **values)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=list(values),
    )
