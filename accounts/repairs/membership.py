"""How weddings and invitations are mended that no longer fit together."""

from collections.abc import Iterator

from django.db.models import DateTimeField, Value

from accounts.invitations import State, end_invitations
from accounts.models import Invitation, WeddingStatus
from integrity.invariants import invariants
from integrity.repair import Action, ChangeRows, Deed, Kind, declare_repair, update

LEAD_SOMEWHERE = "accounts.every_invitation_leads_to_a_wedding"
NEVER = Value(None, output_field=DateTimeField())
ARE_FORGOTTEN = "accounts.nobody_is_kept_who_was_invited_in_vain"


def stray() -> Iterator[Deed]:
    return _waiting(LEAD_SOMEWHERE, State.WITHDRAWN)


def outlived() -> Iterator[Deed]:
    return _waiting(ARE_FORGOTTEN, State.EXPIRED)


def end(deed: Deed) -> None:
    mine = Invitation.objects.filter(pk=deed.subject.rpartition(":")[2])
    end_invitations(mine, State(deed.after["state"]))


def _waiting(invariant: str, ended: State) -> Iterator[Deed]:
    """Not as changes of rows: those would keep the address in their journal."""
    for key in invariants.get(invariant).violations().order_by("pk").values_list("pk", flat=True):
        yield Deed(
            f"accounts.invitation:{key}",
            before={"state": State.WAITING.value},
            after={"state": ended.value},
        )


declare_repair(
    Action(
        "accounts.withdraw_stray_invitations",
        invariant=LEAD_SOMEWHERE,
        kind=Kind.UPDATE,
        statement="Takes back the invitation to a wedding that nobody can join any more.",
        observe=stray,
        perform=end,
        irreversible=True,
    )
)
declare_repair(
    Action(
        "accounts.forget_invited",
        invariant=ARE_FORGOTTEN,
        kind=Kind.UPDATE,
        statement="Marks the invitation as expired, and forgets whom it was sent to.",
        observe=outlived,
        perform=end,
        irreversible=True,
    )
)
declare_repair(
    ChangeRows(
        "accounts.open_planned_weddings",
        invariant="accounts.nobody_plans_a_closed_wedding",
        kind=Kind.UPDATE,
        statement="Opens the wedding again that somebody plans.",
        rows=lambda: [update(status=WeddingStatus.OPEN.value, closed_at=NEVER)],
    )
)
