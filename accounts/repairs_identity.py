"""How an identity that is missing, or not as the couple is, is made."""

from collections.abc import Iterator

from accounts.identity import promise_identity
from accounts.invariants_identity import every_couple_has_an_identity
from accounts.models import User
from integrity.repair import Action, Deed, Kind, declare_repair

# Of one plan, for each of its chunks asks for all that is still to be done.
MOST = 10_000


def identities_to_make() -> Iterator[Deed]:
    wrong = every_couple_has_an_identity().order_by("pk").values_list("pk", flat=True)
    for key in wrong[:MOST]:
        yield Deed(f"accounts.user:{key}", before={"promised": False}, after={"promised": True})


def make_again(deed: Deed) -> None:
    promise_identity(User.objects.get(pk=deed.subject.rpartition(":")[2]))


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
