"""How an account that stands still on its way out is set going again."""

from collections.abc import Iterator
from uuid import UUID

from accounts.leaving.deletion import begin_anew
from accounts.leaving.steps_local import let_stay
from accounts.locks import hold_user
from accounts.models import Tombstone, User
from integrity.audit import SYSTEM
from integrity.invariants import invariants
from integrity.repair import Action, Deed, Kind, declare_repair

STUCK = "accounts.whoever_leaves_is_being_deleted"


def stuck() -> Iterator[Deed]:
    for user in invariants.get(STUCK).violations().order_by("pk"):
        uid = str(user.uid)
        goes = Tombstone.objects.filter(uid=user.uid).exists()
        yield Deed(
            f"accounts.user:{user.pk}",
            before={"uid": uid, "stands_still": True},
            after={"uid": uid, "stands_still": False, "goes": goes},
        )


def set_going(deed: Deed) -> None:
    user = hold_user(User.objects.get(uid=UUID(deed.after["uid"])))
    if deed.after["goes"]:
        begin_anew(user, by=SYSTEM)
    else:
        let_stay(user)


declare_repair(
    Action(
        "accounts.set_leavers_going",
        invariant=STUCK,
        kind=Kind.EXTERNAL,
        statement="An account that is sealed is deleted to the end; any other stays, as it was.",
        observe=stuck,
        perform=set_going,
        irreversible=True,
    )
)
