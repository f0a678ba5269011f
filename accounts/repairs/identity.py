"""How an identity that is missing, or not as the couple is, is made."""

from collections.abc import Iterator

from accounts.elsewhere.identity import promise_identity
from accounts.invariants.identity import every_couple_has_an_identity, every_proven_address_counts
from accounts.locks import hold_user
from accounts.models import Address, User
from integrity.repair import Action, Deed, Kind, declare_repair

# Of one plan, for each of its chunks asks for all that is still to be done.
MOST = 10_000


def identities_to_make() -> Iterator[Deed]:
    wrong = every_couple_has_an_identity().order_by("pk").values_list("pk", flat=True)
    for key in wrong[:MOST]:
        yield Deed(f"accounts.user:{key}", before={"promised": False}, after={"promised": True})


def make_again(deed: Deed) -> None:
    promise_identity(User.objects.get(pk=deed.subject.rpartition(":")[2]))


def kept_addresses() -> Iterator[Deed]:
    kept = every_proven_address_counts().order_by("pk")
    for key in kept.values_list("pk", flat=True)[:MOST]:
        yield Deed(f"account.emailaddress:{key}", before={"kept": True}, after={"kept": False})


def release(deed: Deed) -> None:
    address = Address.objects.get(pk=deed.subject.rpartition(":")[2])
    user = hold_user(address.user)
    address.delete()
    promise_identity(user)


declare_repair(
    Action(
        "accounts.make_identities",
        invariant="accounts.every_couple_has_an_identity",
        kind=Kind.EXTERNAL,
        statement="Promises to tell the identity provider how these people are; the relay does it.",
        observe=identities_to_make,
        perform=make_again,
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.release_addresses",
        invariant="accounts.every_proven_address_counts",
        kind=Kind.EXTERNAL,
        statement="Keeps the address no longer, so that anybody may have it, and promises to tell the"
        " identity provider the one that counts.",
        observe=kept_addresses,
        perform=release,
        irreversible=True,
    )
)
