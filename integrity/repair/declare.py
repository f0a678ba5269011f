"""A repair: what is done about the rows that break an invariant. Declared in `<app>/repairs.py`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any

from django.core.checks import CheckMessage
from django.db.models import Model, QuerySet

from integrity.invariants.declare import Invariant, invariants
from integrity.registry import DuplicateName, Registry
from integrity.repair import problems


class Kind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    QUARANTINE = "quarantine"
    EXTERNAL = "external"


DESTRUCTIVE = (Kind.DELETE, Kind.QUARANTINE)


@dataclass(frozen=True)
class Obstacle:
    """Something in the way of a repair.

    Args:
        confirm: what a person types to go on all the same; where it is blank, nothing helps.
    """

    text: str
    confirm: str = ""


Preflight = Callable[[], Iterable[Obstacle]]


@dataclass(frozen=True)
class New:
    """A new primary key of this model; the same one wherever a subject's changes name it."""

    model: str


@dataclass(frozen=True)
class PlannedAt:
    """The time of the plan: `now()` would be another one when the plan is applied."""


@dataclass(frozen=True)
class Change:
    """What happens to one row for each violating row. Values are expressions over that row.

    Args:
        model: whose row it is; the violating row's model, if blank.
        key: the fields that find the row; the violating row itself, if empty.
        values: by name of the field, as `user_id`; what an update or an insert writes.
        many: the key finds any number of rows.
    """

    action: str
    model: str = ""
    key: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False


def insert(model: str, **values: Any) -> Change:
    return Change("insert", model, values=values)


def update(**values: Any) -> Change:
    """Of the violating row itself."""
    return Change("update", values=values)


def delete() -> Change:
    """Of the violating row itself."""
    return Change("delete")


@dataclass(frozen=True, eq=False)
class Repair:
    """What every kind of repair says of itself.

    Args:
        name: `app.verb_phrase`.
        invariant: the name of the one it mends.
        statement: what it does, as one sentence.
        max_affected: more rows than this, or a greater percentage of a table of 100 rows and
            more, take a second person; unattended, they are not touched.
        irreversible: nothing of it can be undone; shown wherever it is offered.
        second_person: somebody else approves it; None: where it takes rows away.
        preflight: what may be in the way, asked when it is planned and when it starts.
        lock_first: the foreign key of the violating row whose target is locked before it, as the
            flows of the project do.
    """

    name: str
    _: KW_ONLY
    invariant: str
    kind: Kind
    statement: str
    max_affected: tuple[int, float] = (10_000, 5.0)
    irreversible: bool = False
    second_person: bool | None = None
    preflight: tuple[Preflight, ...] = ()
    lock_first: str = ""

    @property
    def needs_second_person(self) -> bool:
        return self.kind in DESTRUCTIVE if self.second_person is None else self.second_person

    @property
    def declared(self) -> Invariant:
        return invariants.get(self.invariant)

    @property
    def subject_label(self) -> str:
        """The model of the violating rows, where they are rows."""
        return ""

    def obstacles(self) -> list[Obstacle]:
        return [obstacle for look in self.preflight for obstacle in look()]

    def problems(self) -> Iterator[CheckMessage]:
        """What is wrong with the declaration, for `manage.py check`."""
        yield from problems.of_every_repair(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class RowRepair(Repair):
    """A repair that is row changes in SQL, journaled and undone by the engine."""

    @property
    def subject_label(self) -> str:
        return self.subject()._meta.label_lower

    def subject(self) -> type[Model]:
        return self.declared.subject()

    def suspects(self) -> "QuerySet[Any]":
        """The violating rows, of which a plan is made."""
        return self.declared.violations()

    def recheck(self) -> "QuerySet[Any]":
        """The same rows, asked for a chunk of them that is locked."""
        return self.suspects()

    def changes(self) -> Sequence[Change]:
        raise NotImplementedError

    def problems(self) -> Iterator[CheckMessage]:
        found = list(super().problems())
        yield from found or problems.of_the_changes(self)


repairs: Registry[Repair] = Registry("repair")
declared_twice: list[Repair] = []


def declare_repair(repair: Repair) -> Repair:
    """Take the repair into the registry. A second one of its name is a system check error."""
    try:
        repairs.add(repair)
    except DuplicateName:
        declared_twice.append(repair)
    return repair


def repairs_of(invariant: str) -> list[Repair]:
    return [each for each in repairs if each.invariant == invariant]
