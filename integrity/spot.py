"""Look at single rows: whether an invariant holds for these, now. Nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import Error

from integrity.invariants.declare import Invariant, Observation, invariants
from integrity.invariants.violations import Violation, primary_key, read
from integrity.models import Finding
from integrity.transactions import savepoint, snapshot

PATIENCE = 10.0


@dataclass(frozen=True)
class Spot:
    """What an invariant came to for a few rows: holds, broken, or unknown and why."""

    invariant: Invariant
    result: str
    violations: list[Violation] = field(default_factory=list)
    reason: str = ""


def check_one(finding: Finding) -> Spot | None:
    """Whether what was found is still there; None if nobody declares its invariant any more."""
    if finding.invariant not in invariants:
        return None
    declared = invariants.get(finding.invariant)
    with snapshot(statement_timeout=PATIENCE):
        spot = _look(declared, [finding.subject])
    same = [each for each in spot.violations if _is(each, finding)]
    word = "broken" if same else spot.result if spot.result == "unknown" else "holds"
    return Spot(declared, word, same, spot.reason)


def check_rows(rows: Sequence[tuple[Invariant, Sequence[Any]]]) -> list[Spot]:
    """Each invariant for the rows with these primary keys, at one instant."""
    with snapshot(statement_timeout=PATIENCE):
        return list(_each(rows))


def _each(rows: Sequence[tuple[Invariant, Sequence[Any]]]) -> Iterator[Spot]:
    for declared, keys in rows:
        yield _guarded(declared, lambda keys=keys, of=declared: _of_keys(of, keys))


def _look(declared: Invariant, subjects: Sequence[str]) -> Spot:
    if isinstance(declared, Observation):
        return _guarded(declared, lambda: read(declared, None).stored)

    def narrowed() -> list[Violation]:
        model = declared.subject()
        return _of_keys(declared, [primary_key(model, subject) for subject in subjects])

    return _guarded(declared, narrowed)


def _of_keys(declared: Invariant, keys: Sequence[Any]) -> list[Violation]:
    if not keys:
        return []
    return read(declared, declared.violations().filter(pk__in=list(keys))).stored


def _guarded(declared: Invariant, look: Any) -> Spot:
    try:
        with savepoint():
            found = look()
    except Error as error:
        return Spot(declared, "unknown", reason=str(error).partition("\n")[0])
    except Exception as error:  # noqa: BLE001 - a declaration may raise anything
        return Spot(declared, "unknown", reason=type(error).__name__)
    return Spot(declared, "broken" if found else "holds", found)


def _is(violation: Violation, finding: Finding) -> bool:
    return (violation.subject, violation.discriminator) == (finding.subject, finding.discriminator)
