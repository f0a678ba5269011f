"""Faults planted on purpose, so that there is something to find, to repair and to undo.

Each is an accident of the kind that happens: SQL typed straight into the database, past every rule
of the product. What was typed is in `sql/`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Count

from accounts.models import Kind, User
from integrity.audit import Actor
from integrity.flows import flow
from integrity.leases import SlotTaken
from integrity.models import Finding
from integrity.sweep import check, fill_slot

SQL = Path(__file__).parent / "sql"
OPERATOR = "operator@everafter.example"


class NotADemo(Exception):
    """Nothing is broken on purpose here: DEBUG is off, or the data is not the demo's."""


@dataclass(frozen=True)
class Fault:
    """An accident, and which invariant tells of it. `name` is its file in `sql/`."""

    name: str
    title: str
    accident: str
    invariant: str

    @property
    def sql(self) -> str:
        return (SQL / f"{self.name}.sql").read_text()


FAULTS = (
    Fault(
        "counts",
        "Counts that lag behind",
        "The table of counts was put back from an older copy: three weddings are told of two done"
        " tasks fewer than they have.",
        "onboarding.stats_count_the_done_tasks",
    ),
    Fault(
        "ghosts",
        "Users without a profile",
        "Three couples were loaded with the triggers off, because that is faster. The triggers are"
        " on again; the profiles are missing.",
        "accounts.every_user_has_a_profile",
    ),
    Fault(
        "emails",
        "Profiles with an old address",
        "Two addresses were corrected where they are shown, not where they are kept.",
        "accounts.profile_has_the_users_email",
    ),
    Fault(
        "interests",
        "Interests that were replaced",
        "What two couples want now was noted by hand; what they no longer want was to be deleted"
        " afterwards, and wasn't.",
        "onboarding.no_interest_is_stale",
    ),
)


def plant_and_find(*, by: Actor) -> None:
    """Break it all, then let a check find it, so that the overview shows it at once.

    Raises:
        NotADemo: DEBUG is off.
        AlreadyRunning: a check is at work; it finds them, or the next one does.
    """
    plant_faults()
    try:
        fill_slot(by=by)
    except SlotTaken:
        check(by=by)


@flow("demo.plant_faults")
def plant_faults() -> None:
    """Break what FAULTS names, each in its fixed rows. Repeated, it breaks what was mended since.

    Raises:
        NotADemo: DEBUG is off.
    """
    if not settings.DEBUG:
        raise NotADemo
    with connection.cursor() as cursor:
        for fault in FAULTS:
            cursor.execute(fault.sql)


def is_demo() -> bool:
    """Whether faults may be planted here: the demo has filled this database."""
    return settings.DEBUG and User.objects.filter(kind=Kind.OPERATOR, email=OPERATOR).exists()


def with_findings() -> Iterator[tuple[Fault, int]]:
    """Each fault with how many findings of it are not resolved."""
    unresolved = Finding.objects.filter(resolved_at=None).values_list("invariant")
    found = dict(unresolved.annotate(count=Count("pk")).order_by())
    for fault in FAULTS:
        yield fault, found.get(fault.invariant, 0)
