"""Try a plan out: apply all of it, let the database check it, ask every invariant, take it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error, connection

from integrity.audit import Actor, audit
from integrity.evaluate import select
from integrity.flows import flow
from integrity.invariants.declare import Invariant, Observation
from integrity.models import RepairPlan
from integrity.repair.approve import locked
from integrity.repair.chunks import apply_span
from integrity.repair.errors import Refused, declared_right
from integrity.repair.plan import BROKEN_PROMISES, prepare_session, promise_of
from integrity.repair.writing import Span
from integrity.transactions import check_deferred, savepoint

State = RepairPlan.State
# More would hold too many locks for too long.
LARGEST = 10_000


@dataclass(frozen=True)
class Difference:
    """How many rows break an invariant before and after; None where it can't be asked."""

    invariant: str
    before: int | None
    after: int | None

    @property
    def worse(self) -> bool:
        return self.after is None or (self.before is not None and self.after > self.before)


@dataclass(frozen=True)
class Touched:
    """Rows of a table that were written, by the repair or by what it set off."""

    table: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True)
class Trial:
    """What applying the plan now would do. `refusal`: the promise that would refuse it."""

    applied: int
    stale: int
    refusal: str
    differences: list[Difference]
    touched: list[Touched]

    @property
    def good(self) -> bool:
        return (
            not self.refusal and not self.stale and not any(each.worse for each in self.differences)
        )


class _TriedOut(Exception):
    """Carries what was seen out of the transaction that is rolled back."""

    def __init__(self, seen: Trial) -> None:
        super().__init__("tried out")
        self.seen = seen


def try_out(*, plan: UUID, by: Actor, names: Sequence[str] = ()) -> Trial:
    """Apply the plan, force the deferred constraints, count what every invariant finds, roll back.

    Promised effects are rolled back as well, so nothing leaves the database.

    Args:
        names: which invariants, or those of which apps, are asked; all, when empty.

    Raises:
        NotFound, UnknownName
        Refused: it isn't a draft or an approved plan, or it is too large.
        Busy: others held the rows.
    """
    try:
        _try_out(plan=plan, names=names)
    except _TriedOut as end:
        _note(plan=plan, by=by, good=end.seen.good)
        return end.seen
    raise AssertionError("unreachable")


@flow("integrity.try_repair", statement_timeout=300.0)
def _try_out(*, plan: UUID, names: Sequence[str]) -> None:
    tried = locked(plan)
    if tried.state not in (State.DRAFT, State.APPROVED):
        raise Refused(f"The plan is {tried.state}; only what has not begun is tried out.")
    if tried.subjects > LARGEST:
        raise Refused(f"A trial takes at most {LARGEST:,} violating rows. Plan fewer, by a limit.")
    prepare_session()
    asked = select(names, live=False)
    before, touched = _counts(asked), _written()
    applied = stale = 0
    refusal = ""
    with declared_right(tried.repair):
        try:
            with savepoint():
                applied, stale = apply_span(tried, Span(tried.pk, 0, tried.subjects))
                check_deferred()
        except BROKEN_PROMISES as error:
            refusal = promise_of(error)
    raise _TriedOut(
        Trial(
            applied, stale, refusal, _differences(before, _counts(asked)), list(_touched(touched))
        )
    )


@flow("integrity.note_repair_trial")
def _note(*, plan: UUID, by: Actor, good: bool) -> None:
    audit("integrity.repair_tried", by=by, subject=locked(plan), detail={"good": good})


Counts = dict[str, int | None]


def _counts(asked: Sequence[Invariant]) -> Counts:
    """How many violations each has, in this transaction."""
    return {each.name: _count(each) for each in asked}


def _count(declared: Invariant) -> int | None:
    try:
        with savepoint():
            if isinstance(declared, Observation):
                return len(declared.observe())
            return declared.violations().count()
    except (Error, LookupError):
        return None


def _differences(before: Counts, after: Counts) -> list[Difference]:
    return [
        Difference(name, before[name], count)
        for name, count in after.items()
        if count != before[name]
    ]


def _written() -> dict[str, tuple[int, int, int]]:
    """What this transaction has written so far, by the database's own count."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN)
        return {name: (inserted, updated, gone) for name, inserted, updated, gone in cursor}


def _touched(before: dict[str, tuple[int, int, int]]) -> Iterator[Touched]:
    for name, now in sorted(_written().items()):
        was: Any = before.get(name, (0, 0, 0))
        more = [one - other for one, other in zip(now, was, strict=True)]
        if any(more):
            yield Touched(name, *more)


_WRITTEN = """
SELECT relname::text, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables
WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname NOT LIKE 'integrity\\_%'
"""
