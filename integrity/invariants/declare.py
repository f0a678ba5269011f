"""An invariant: a statement that must hold, and the query for the rows that break it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db.models import QuerySet

from integrity.registry import Registry

Violations = Callable[[], "QuerySet[Any]"]


class Severity(IntEnum):
    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4


@dataclass(frozen=True)
class Invariant:
    """A promise about data at rest.

    Args:
        name: `app.what_holds`, immutable: findings are filed under it.
        statement: the promise as one sentence.
        violations: the rows of one model that break it now, as an unevaluated queryset.
    """

    name: str
    statement: str
    severity: Severity
    violations: Violations


invariants: Registry[Invariant] = Registry("invariant")


def invariant(
    name: str, *, statement: str, severity: Severity = Severity.ERROR
) -> Callable[[Violations], Violations]:
    """Declare the decorated function's queryset as the rows that break the statement."""

    def register(violations: Violations) -> Violations:
        invariants.add(Invariant(name, statement, severity, violations))
        return violations

    return register
