"""What the identity provider is to know of a couple: one identity, under the id that they have here.

Signing up and each proof of an address promise one effect, which reads how things are when it is
delivered; so late, doubled and overtaken promises end in the same identity.
accounts.elsewhere.identity_sync delivers it. Passwords are checked here alone.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat, Now

from accounts.clients.identity import Identity as There
from accounts.elsewhere.contact import BETWEEN, Fingerprint
from accounts.elsewhere.set_right import AS_TOLD, forget_differences
from accounts.errors import UserNotFound
from accounts.locks import hold_user
from accounts.models import Identity, Kind, Listing, Tombstone, User
from integrity.flows import flow
from integrity.outbox import enqueue
from integrity.transactions import transaction_required

CREATE_IDENTITY = "accounts.create_identity"
REMOVE_IDENTITY = "accounts.remove_identity"
MATCH_BAN = "accounts.match_ban"
ORDER = "identity:"


def couples() -> "QuerySet[Any]":
    """The users whom the provider may know: nobody else ever gets an identity, nor do they while
    they leave.

    Annotated with `verified`, `told` and `refused`, and with `fingerprint`: equal to `told` where
    the provider knows them as they are.
    """
    gone = Tombstone.objects.filter(uid=OuterRef("uid"))
    proven = Case(When(profile__email_verified=True, then=Value("verified")), default=Value(""))
    staying = User.objects.filter(~Exists(gone), kind=Kind.COUPLE, leaving_since=None)
    return staying.annotate(
        verified=Coalesce("profile__email_verified", False),
        told=Coalesce("identity__told", Value("")),
        refused=Coalesce("identity__refused", Value("")),
        fingerprint=Fingerprint(Concat(F("email"), BETWEEN, proven)),
    )


def to_be_kept() -> "QuerySet[Any]":
    """All of them where a provider is configured, else whoever is known there already."""
    return couples() if is_configured() else couples().filter(identity__isnull=False)


def is_configured() -> bool:
    return bool(settings.SUPABASE_URL and settings.SUPABASE_SERVICE_KEY)


@transaction_required
def promise_identity(user: User) -> None:
    """Have the provider told how the user is, after COMMIT; nothing for whoever it may not know."""
    if to_be_kept().filter(pk=user.pk).exists():
        _promise(CREATE_IDENTITY, user.uid)


@transaction_required
def promise_first_identity(user: User) -> None:
    """For a couple that is made in this transaction. Without a provider it costs nothing."""
    if is_configured():
        _promise(CREATE_IDENTITY, user.uid)


def _promise(effect: str, uid: UUID, key: str = "") -> None:
    order = f"{ORDER}{uid}"
    enqueue(effect, key=key or order, payload={"user": str(uid)}, ordering_key=order)


@transaction_required
def promise_removal(uid: UUID) -> None:
    """Of whoever was deleted here."""
    _promise(REMOVE_IDENTITY, uid)


@transaction_required
def promise_ban(user: User) -> None:
    """Have them banned there if the account is switched off here, and freed if it is not."""
    if to_be_kept().filter(pk=user.pk).exists():
        _promise(MATCH_BAN, user.uid, key=f"ban:{user.uid}")


def doubt_identity(user: User) -> None:
    """From here on until it is confirmed, nobody can say what the provider knows."""
    Identity.objects.filter(user=user).exclude(told="").update(told="")


@flow("accounts.note_identity")
def note_identity(*, user: User, told: str, refused: str = "") -> None:
    """Keep what the provider confirmed. Where the account was deleted meanwhile, its identity goes.

    Args:
        told: the fingerprint of what it confirmed, which may have changed since; blank if nothing.
        refused: why it will not have this identity, in its own word.
    """
    try:
        user = hold_user(user)
    except UserNotFound:
        return _promise(REMOVE_IDENTITY, user.uid)
    if Tombstone.objects.filter(uid=user.uid).exists():
        return _promise(REMOVE_IDENTITY, user.uid)
    _store([Identity(user=user, told=told, refused=refused)], "told", "refused")
    forget_differences(Listing.Of.IDENTITIES, user.uid, AS_TOLD)


@transaction_required
def note_listed(listed: Sequence[There]) -> None:
    """Of those that the provider lists, keep who is ours, and who is there as they are here."""
    found = {each.id: each for each in listed}
    rows = couples().filter(uid__in=found).select_for_update(no_key=True, of=("self",))
    users = list(rows.order_by("pk"))
    same = [user for user in users if agrees(found[user.uid], user)]
    # By the clock that says when a reading began.
    _store([Identity(user=user, seen_at=Now()) for user in users], "seen_at")
    _store([Identity(user=user, told=user.fingerprint) for user in same], "told", "refused")


@transaction_required
def note_otherwise(uids: Sequence[UUID]) -> None:
    """The provider has them otherwise, or not at all, whatever it confirmed once."""
    Identity.objects.filter(user__uid__in=uids).exclude(told="").update(told="")


def agrees(there: There, user: Any) -> bool:
    """Whether the provider has one of `couples()` as they are; it may hold for proven what isn't
    proven here."""
    return there.email.lower() == user.email and (there.is_verified or not user.verified)


def _store(rows: list[Identity], *fields: str) -> None:
    Identity.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user"], update_fields=list(fields)
    )
