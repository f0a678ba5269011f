"""An invariant: a statement that must hold, and the query for the rows that break it."""

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import Any, TypeVar

from django.core.checks import CheckMessage
from django.db.models import Model, Q, QuerySet

from integrity.invariants import problems
from integrity.invariants.guard import Guard
from integrity.invariants.names import model_named
from integrity.invariants.thresholds import threshold
from integrity.registry import DuplicateName, Registry

EVERY_ROW = Q()
AT_ONCE = timedelta()
Rows = Callable[["QuerySet[Any]"], "QuerySet[Any]"]


class Severity(IntEnum):
    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4


@dataclass(frozen=True, eq=False)
class Invariant:
    """A promise about data at rest. The ready-made kinds and `@invariant` make one.

    Args:
        name: `app.what_holds`, immutable: findings are filed under it.
        statement: the promise as one sentence; the name as a sentence, if blank.
        owner: who is asked when it is broken.
        runbook: the page that says what to do, an address or a file below
            INTEGRITY["RUNBOOK"]; `docs/runbook/<name>.md`, if blank.
        warn_if: how many violations make it broken, such as `> 5` or `> 1 %`; any, if blank.
        error_if: from how many on it has its own severity; below, it is a warning.
        settle: a violation younger than this is suspected, not counted as broken.
        settle_field: the timestamp that gives a violation's age. Without one, it is the time
            since a check first saw it.
        since_field: the timestamp by which `--since` picks rows.
        guard: what must be there before the result is believed.
        in_flight: of violating rows, those that something still works on; they are suspected.
        aliases: names it had before; their findings and history are taken over.
        live: it holds only while the processes run; tests and drills leave it out.
    """

    name: str
    _: KW_ONLY
    statement: str = ""
    severity: Severity = Severity.ERROR
    owner: str = ""
    runbook: str = ""
    warn_if: str = ""
    error_if: str = ""
    settle: timedelta = AT_ONCE
    settle_field: str = ""
    since_field: str = ""
    guard: Guard | None = None
    in_flight: Rows | None = field(default=None, repr=False)
    aliases: tuple[str, ...] = ()
    live: bool = False

    def __post_init__(self) -> None:
        sentence = self.name.rpartition(".")[2].replace("_", " ").capitalize()
        object.__setattr__(self, "statement", self.statement or f"{sentence}.")
        object.__setattr__(self, "runbook", self.runbook or f"docs/runbook/{self.name}.md")

    def violations(self) -> "QuerySet[Any]":
        """The rows of one model that break the statement now, unevaluated.

        `expected`, `actual` and `discriminator` are read as evidence, where annotated.
        """
        raise NotImplementedError

    def references(self) -> list[type[Model]]:
        """The models whose rows the guard wants to see."""
        return self.guard.resolved() if self.guard else []

    def severity_of(self, *, count: int, rows: int) -> Severity | None:
        """How badly it is broken by so many violations of so many rows; None if it is not."""
        if not count:
            return None
        if self.error_if and threshold(self.error_if).is_met(count=count, rows=rows):
            return self.severity
        if self.warn_if and not threshold(self.warn_if).is_met(count=count, rows=rows):
            return None
        return (
            min(self.severity, Severity.WARNING) if self.warn_if or self.error_if else self.severity
        )

    def subject(self) -> type[Model]:
        """The model whose rows are judged. Raises LookupError if there is none of this name."""
        model: type[Model] = self.violations().model
        return model

    def problems(self) -> Iterator[CheckMessage]:
        """What is wrong with the declaration, for `manage.py check`."""
        yield from problems.of_every_invariant(self)

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        """What is wrong with what this kind adds."""
        yield from ()


@dataclass(frozen=True, eq=False, kw_only=True)
class OfModel(Invariant):
    """An invariant that names the model whose rows it judges, as `app_label.Model`."""

    model: str

    def subject(self) -> type[Model]:
        return model_named(self.model)


@dataclass(frozen=True)
class Observed:
    """A violation that isn't a row of a model: a count, a missing slot, a schema object."""

    subject: str
    evidence: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Observation(Invariant):
    """An invariant over something that isn't the rows of a model."""

    def observe(self) -> list[Observed]:
        raise NotImplementedError

    def violations(self) -> "QuerySet[Any]":
        raise TypeError(f"{self.name} is not about the rows of a model.")

    def problems(self) -> Iterator[CheckMessage]:
        yield from problems.of_the_declaration(self)


invariants: Registry[Invariant] = Registry("invariant")
declared_twice: list[Invariant] = []
Declared = TypeVar("Declared", bound=Invariant)


def declare(declared: Declared) -> Declared:
    """Take the invariant into the registry. A second one of its name is a system check error."""
    try:
        invariants.add(declared)
    except DuplicateName:
        declared_twice.append(declared)
    return declared
