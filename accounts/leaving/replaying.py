"""After a restore: who was deleted since the backup was taken is deleted again, here and at every vendor.

An export of the tombstones tells who that is. It holds ids that are drawn at random, and digests of
vendors' ids; so what a vendor has is recognised by its id, never by an address, which may be
somebody else's by now.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from accounts.clients.contacts import contacts
from accounts.clients.identity import identities
from accounts.clients.outcomes import VendorError
from accounts.clients.payments import payments
from accounts.leaving.deletion import KIND as DELETION
from accounts.leaving.deletion import begin_anew, hurry
from accounts.leaving.sealing import TARGETS
from accounts.locks import hold_user
from accounts.models import Tombstone, User
from accounts.models.deletion import digest
from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.models import Saga
from integrity.saga.replay import NotALine, NotAllSeen, Replay, Todo
from integrity.saga.start import find_active, start
from integrity.transactions import transaction_required

KIND = "accounts.remove_remains"
BATCH = 1000
# As accounts.models.deletion.digest() writes it; any other spelling would match nothing.
DIGEST = re.compile(r"[0-9a-f]{64}")
Found = Mapping[UUID, Mapping[str, list[str]]]


@dataclass
class Grave:
    uid: UUID
    sealed_at: datetime
    vendor_ids: set[str] = field(default_factory=set)


def export_tombstones() -> Iterator[dict[str, Any]]:
    for each in Tombstone.objects.order_by("sealed_at", "uid").iterator():
        yield {
            "uid": str(each.uid),
            "sealed_at": each.sealed_at.isoformat(),
            "vendor_ids": each.vendor_ids,
        }


def look_around(lines: Iterable[Mapping[str, Any]]) -> Iterator[Todo]:
    """
    Raises:
        NotALine: nothing was looked at.
        NotAllSeen: of a vendor that didn't answer; what was found is found.
    """
    graves = _graves(lines)
    left, unseen = _left_at_vendors(graves)
    alive, under_way = _alive(graves), _under_way(graves)
    here = {grave.uid: grave for grave in _kept()}
    for uid, grave in sorted(graves.items(), key=lambda each: each[1].sealed_at):
        known = here.get(uid)
        is_missing = known is None or not grave.vendor_ids <= known.vendor_ids
        remains = {} if uid in alive or uid in under_way else left.get(uid, {})
        words = [
            "put its tombstone back" if is_missing else "",
            "delete the account again" if alive.get(uid) else "",
            *(f"remove its {what}" for what in remains),
        ]
        if what := ", ".join(filter(None, words)):
            yield Todo(str(uid), what, {"grave": grave, "remains": remains})
    if unseen:
        raise NotAllSeen(f"{', '.join(unseen)}. {NotAllSeen.__doc__}")


def again(todo: Todo, by: Actor) -> None:
    bury_again(grave=todo.detail["grave"], remains=todo.detail["remains"], by=by)


@flow("accounts.bury_again")
def bury_again(*, grave: Grave, remains: Mapping[str, list[str]], by: Actor) -> None:
    """Put the tombstone back, and delete what has outlived it, at once. A second time it is a no-op.

    Args:
        remains: the ids under which vendors still have something of an account that is gone here.
    """
    user = User.objects.filter(uid=grave.uid).first()
    user = hold_user(user) if user else None
    changed = _put_back(grave)
    if user is not None:
        changed = _delete_again(user, by=by) or changed
    elif remains:
        changed = _remove(grave, remains, by=by) or changed
    if changed:
        audit("accounts.buried_again", by=by, subject=Tombstone(uid=grave.uid))


@transaction_required
def _put_back(grave: Grave) -> bool:
    """Whether anything of it was missing."""
    sealed = {"sealed_at": grave.sealed_at}
    tombstone, is_new = Tombstone.objects.get_or_create(uid=grave.uid, defaults=sealed)
    known = set(tombstone.vendor_ids)
    if grave.vendor_ids <= known:
        return is_new
    tombstone.vendor_ids = sorted(grave.vendor_ids | known)
    tombstone.save(update_fields=["vendor_ids"])
    return True


@transaction_required
def _remove(grave: Grave, remains: Mapping[str, list[str]], *, by: Actor) -> bool:
    subject = str(grave.uid)
    if find_active(KIND, subject):
        return False
    ids = {name: remains.get(name, []) for name in ("customers", "contacts")}
    start(KIND, subject=subject, by=by, secrets={TARGETS: ids})
    return True


@transaction_required
def _delete_again(user: User, *, by: Actor) -> bool:
    """Nobody logs in meanwhile. A deletion that was under way in the backup waits no longer."""
    under_way = find_active(DELETION, str(user.uid))
    if under_way and not user.is_active:
        return False
    ended = {"is_active": False, "sessions_ended_at": Now()}
    if user.leaving_since is None:
        ended["leaving_since"] = Now()
    User.objects.filter(pk=user.pk).update(**ended)
    if under_way is None:
        begin_anew(user, by=by)
    else:
        hurry(under_way)
    return True


def _graves(lines: Iterable[Mapping[str, Any]]) -> dict[UUID, Grave]:
    """Those of the lines, and those that are here."""
    graves: dict[UUID, Grave] = {}
    for grave in (*map(_read, lines), *_kept()):
        same = graves.setdefault(grave.uid, grave)
        same.vendor_ids |= grave.vendor_ids
        same.sealed_at = min(same.sealed_at, grave.sealed_at)
    return graves


def _read(line: Mapping[str, Any]) -> Grave:
    try:
        sealed_at = parse_datetime(line["sealed_at"])
        digests = set(line["vendor_ids"])
        if sealed_at is None or not is_aware(sealed_at):
            raise NotALine(NotALine.__doc__)
        if not all(map(DIGEST.fullmatch, digests)):
            raise NotALine(NotALine.__doc__)
        return Grave(UUID(line["uid"]), sealed_at, digests)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NotALine(NotALine.__doc__) from None


def _kept() -> Iterator[Grave]:
    for each in Tombstone.objects.iterator():
        yield Grave(each.uid, each.sealed_at, set(each.vendor_ids))


def _alive(uids: Iterable[UUID]) -> dict[UUID, bool]:
    """Whose row is here, and whether nobody is deleting it, or they may still log in."""
    under_way = _under_way(uids)
    found = _in_batches(uids, lambda some: User.objects.filter(uid__in=some))
    return {user.uid: user.is_active or user.uid not in under_way for user in found}


def _under_way(uids: Iterable[UUID]) -> set[UUID]:
    sagas = Saga.objects.filter(Q(kind=DELETION) | Q(kind=KIND), finished_at=None)
    found = _in_batches(uids, lambda some: sagas.filter(subject__in=map(str, some)))
    return {UUID(each.subject) for each in found}


def _in_batches(uids: Iterable[UUID], query: Callable[[list[UUID]], Any]) -> Iterator[Any]:
    every = list(uids)
    for place in range(0, len(every), BATCH):
        yield from query(every[place : place + BATCH])


def _left_at_vendors(graves: Mapping[UUID, Grave]) -> tuple[Found, list[str]]:
    """What each vendor's list has of them, and who didn't let its list be read to the end."""
    owners = {each: grave.uid for grave in graves.values() for each in grave.vendor_ids}
    left: dict[UUID, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    unseen = []
    for name, listed in _listed().items() if graves else ():
        try:
            for id in listed():
                if (uid := owners.get(digest(id))) is not None:
                    left[uid][name].append(id)
        except VendorError as error:
            unseen.append(str(error))
    return left, unseen


def _listed() -> dict[str, Callable[[], Iterator[str]]]:
    """By what it is: the ids in the list of each vendor that is configured. A tombstone knows the
    digest of the identity's id as well, which is the uid."""
    stripe, resend, supabase = payments(), contacts(), identities()
    lists: dict[str, Callable[[], Iterator[str]]] = {}
    if stripe is not None:
        lists["customers"] = lambda: (each["id"] for each in stripe.customers())
    if resend is not None:
        lists["contacts"] = lambda: (each.id for each in resend.all())
    if supabase is not None:
        lists["identity"] = lambda: (str(each.id) for each in supabase.all())
    return lists


TOMBSTONES = Replay("accounts.tombstones", export=export_tombstones, look=look_around, again=again)
