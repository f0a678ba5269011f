"""How people who are otherwise elsewhere are set right there, by promises that the relay keeps."""

from collections.abc import Callable, Iterator
from uuid import UUID

from accounts.elsewhere.contact import doubt_contact, promise_contact
from accounts.elsewhere.contact import promise_removal as promise_contact_removal
from accounts.elsewhere.identity import (
    doubt_identity,
    promise_ban,
    promise_identity,
    promise_removal,
)
from accounts.elsewhere.set_right import AS_BANNED
from accounts.invariants.listing import (
    DELETED_CONTACTS,
    DELETED_IDENTITIES,
    UNLIKE_CONTACTS,
    UNLIKE_IDENTITIES,
)
from accounts.models import Difference, User
from integrity.invariants import invariants
from integrity.repair import Action, Deed, Kind, Obstacle, declare_repair
from integrity.repair.candidates import touchable

# Of one plan, for each of its chunks asks for all that is still to be done.
MOST = 10_000


def _differing(name: str) -> Callable[[], Iterator[Deed]]:
    def observe() -> Iterator[Deed]:
        for each in touchable(invariants.get(name)).order_by("pk")[:MOST]:
            yield Deed(
                f"accounts.difference:{each.pk}",
                before={"there": each.what, "promised": False},
                after={"there": _after(each.what), "promised": True},
            )

    return observe


def _after(what: str) -> str:
    """What of it will be there."""
    match what:
        case Difference.What.DELETED:
            return "removed"
        case Difference.What.MUTED:
            return "muted, and here as well"
    return "as here"


def _seen(deed: Deed) -> Difference:
    return Difference.objects.get(pk=deed.subject.partition(":")[2])


def _user_of(seen: Difference) -> User:
    assert seen.user_uid
    return User.objects.get(uid=seen.user_uid)


def tell_identity(deed: Deed) -> None:
    seen = _seen(deed)
    user = _user_of(seen)
    if seen.what in AS_BANNED:
        return promise_ban(user)
    doubt_identity(user)
    promise_identity(user)


def remove_identity(deed: Deed) -> None:
    promise_removal(UUID(_seen(deed).their_id))


def tell_contact(deed: Deed) -> None:
    user = _user_of(_seen(deed))
    doubt_contact(user)
    promise_contact(user)


def remove_contact(deed: Deed) -> None:
    seen = _seen(deed)
    assert seen.user_uid
    promise_contact_removal(seen.user_uid, seen.their_id)


def some_would_be_freed() -> Iterator[Obstacle]:
    """Whoever banned them may have had a reason that nobody has told here."""
    rows = touchable(invariants.get(UNLIKE_IDENTITIES)).filter(what=Difference.What.BANNED)
    if count := rows.count():
        yield Obstacle(
            f"{count:,} of them are banned at the provider and may log in here: they will be freed"
            " there. To keep them out, switch the account off here first.",
            confirm="free them",
        )


def some_would_come_back() -> Iterator[Obstacle]:
    """A person may have asked for it."""
    rows = touchable(invariants.get(UNLIKE_CONTACTS)).filter(what=Difference.What.MISSING)
    if count := rows.count():
        yield Obstacle(
            f"{count:,} of them were removed at Resend, and will be made anew there, muted if they"
            " want no news here. If they asked to be removed, let them unsubscribe here first.",
            confirm="make them anew",
        )


declare_repair(
    Action(
        "accounts.tell_identities",
        invariant=UNLIKE_IDENTITIES,
        kind=Kind.EXTERNAL,
        statement="Promises to make the identity at the provider be as the account is here: to make"
        " it, to set its address, to ban or to free it. The relay does it.",
        observe=_differing(UNLIKE_IDENTITIES),
        perform=tell_identity,
        preflight=(some_would_be_freed,),
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.remove_identities",
        invariant=DELETED_IDENTITIES,
        kind=Kind.EXTERNAL,
        statement="Promises to remove the identity at the provider for good: its account was deleted"
        " here, and a tombstone says so. The relay does it.",
        observe=_differing(DELETED_IDENTITIES),
        perform=remove_identity,
        second_person=True,
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.tell_contacts",
        invariant=UNLIKE_CONTACTS,
        kind=Kind.EXTERNAL,
        statement="Promises to tell Resend how the person is here. Whoever unsubscribed there is"
        " unsubscribed here instead. The relay does it.",
        observe=_differing(UNLIKE_CONTACTS),
        perform=tell_contact,
        preflight=(some_would_come_back,),
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.remove_contacts",
        invariant=DELETED_CONTACTS,
        kind=Kind.EXTERNAL,
        statement="Promises to remove the contact at Resend for good: its account was deleted here,"
        " and a tombstone says so. The relay does it.",
        observe=_differing(DELETED_CONTACTS),
        perform=remove_contact,
        second_person=True,
        irreversible=True,
    )
)
