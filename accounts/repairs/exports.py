"""How a copy of somebody's data goes that has outlived its time."""

from collections.abc import Iterator

from accounts.exporting.copies import forgettable, remove_exports
from accounts.models import Export
from integrity.invariants import invariants
from integrity.repair import Action, Deed, Kind, declare_repair

IS_GONE = "accounts.no_export_outlives_its_week"


def outlived() -> Iterator[Deed]:
    """Not as changes of rows: those would keep the copy in their journal."""
    for key in invariants.get(IS_GONE).violations().order_by("pk").values_list("pk", flat=True):
        yield Deed(f"accounts.export:{key}", before={"is_there": True}, after={"is_there": False})


def remove(deed: Deed) -> None:
    mine = Export.objects.filter(pk=deed.subject.rpartition(":")[2])
    remove_exports(mine.filter(pk__in=forgettable().values("pk")))


declare_repair(
    Action(
        "accounts.remove_outlived_exports",
        invariant=IS_GONE,
        kind=Kind.DELETE,
        statement="Removes the copy with all its pieces; its owner asks for another one.",
        observe=outlived,
        perform=remove,
        irreversible=True,
        second_person=False,
    )
)
