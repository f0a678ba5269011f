"""One chunk of a repair or of its undo: rows, journal, audit and cursor in one transaction."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import F, QuerySet

from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.leases import hold
from integrity.models import PlannedChange, RepairPlan, Run
from integrity.repair.actions import Action, perform, take_back
from integrity.repair.candidates import candidates, in_chunk
from integrity.repair.declare import Repair, RowRepair, repairs
from integrity.repair.plan import prepare_session
from integrity.repair.undoing import unwrite
from integrity.repair.writing import Span, write
from integrity.transactions import check_deferred, transaction_required

State = PlannedChange.State


class CanaryFailed(Exception):
    """The first rows still break the invariant after their repair, so nothing was written."""


@dataclass(frozen=True)
class Chunk:
    """What one chunk did, and what somebody wants the run to do."""

    done: int
    unfit: int
    wish: str


@flow("integrity.apply_repair_chunk", lock_timeout=5.0, statement_timeout=120.0, attempts=5)
def apply_chunk(*, plan: int, run: Run, size: int, canary: bool, by: Actor) -> Chunk:
    """Apply the next subjects.

    1. Hold the run and the repair's lock: nobody else writes for it.
    2. Write what is as it was planned, then let the database check its promises.
    3. A canary's rows are asked whether they hold now.
    4. Count, audit, move the cursor.

    Raises:
        LeaseLost: the run was given up meanwhile.
        CanaryFailed, RowsMoved
    """
    at_work = _hold(plan, run)
    wish = _wish(run)
    if wish or at_work.cursor >= at_work.subjects:
        return Chunk(0, 0, wish)
    span = Span(at_work.pk, at_work.cursor, min(at_work.cursor + size, at_work.subjects))
    applied, stale = apply_span(at_work, span)
    check_deferred()
    if canary:
        _refuse_a_dead_canary(repairs.get(at_work.repair), span)
    _move(at_work, cursor=span.upto, applied=F("applied") + applied, stale=F("stale") + stale)
    _audit("integrity.repair_chunk_applied", by, at_work, span, applied=applied, stale=stale)
    return Chunk(applied, stale, "")


@flow("integrity.undo_repair_chunk", lock_timeout=5.0, statement_timeout=120.0, attempts=5)
def undo_chunk(*, plan: int, run: Run, size: int, by: Actor) -> Chunk:
    """Undo the last subjects that are not undone yet. Raises LeaseLost, RowsMoved."""
    at_work = _hold(plan, run)
    wish = _wish(run)
    if wish or not at_work.cursor:
        return Chunk(0, 0, wish)
    span = Span(at_work.pk, max(0, at_work.cursor - size), at_work.cursor)
    undone, conflicts = _undone(at_work, span)
    check_deferred()
    _move(
        at_work,
        cursor=span.after,
        undone=F("undone") + undone,
        conflicts=F("conflicts") + conflicts,
    )
    _audit("integrity.repair_chunk_undone", by, at_work, span, undone=undone, conflicts=conflicts)
    return Chunk(undone, conflicts, "")


@flow("integrity.skip_repair_row")
def skip_subject(*, plan: int, run: Run, error: str, by: Actor) -> None:
    """The next subject can't be written: say why, and go on behind it."""
    at_work = _hold(plan, run)
    if at_work.cursor >= at_work.subjects:
        return
    span = Span(at_work.pk, at_work.cursor, at_work.cursor + 1)
    failed = _of(span).filter(state=State.PLANNED).update(state=State.FAILED, error=error)
    _move(at_work, cursor=span.upto, failed=F("failed") + failed)
    _audit("integrity.repair_row_failed", by, at_work, span, error=error)


@flow("integrity.keep_repaired_row")
def keep_subject(*, plan: int, run: Run, error: str, by: Actor) -> None:
    """The last subject can't be undone: say why, and go on before it."""
    at_work = _hold(plan, run)
    if not at_work.cursor:
        return
    span = Span(at_work.pk, at_work.cursor - 1, at_work.cursor)
    kept = _of(span).filter(state=State.APPLIED).update(state=State.CONFLICT, error=error)
    _move(at_work, cursor=span.after, conflicts=F("conflicts") + kept)
    _audit("integrity.repaired_row_kept", by, at_work, span, error=error)


@transaction_required
def _hold(plan: int, run: Run) -> RepairPlan:
    hold(run)
    at_work = RepairPlan.objects.select_for_update(no_key=True).get(pk=plan)
    with connection.cursor() as cursor:
        # Also against a worker whose lease was taken over while it waited for this.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [at_work.repair])
    prepare_session()
    return at_work


def _wish(run: Run) -> str:
    state = Run.objects.values_list("state", flat=True).get(uid=run.uid)
    return state if state in (Run.State.PAUSING, Run.State.CANCELLING) else ""


@transaction_required
def apply_span(plan: RepairPlan, span: Span) -> tuple[int, int]:
    """Write what is as it was planned. Returns how many changes were made, and how many not."""
    repair = repairs.get(plan.repair)
    if isinstance(repair, RowRepair):
        written = write(repair, plan, span)
        return written.applied, written.stale
    return perform(_action(repair), plan, after=span.after, upto=span.upto)


def _undone(plan: RepairPlan, span: Span) -> tuple[int, int]:
    """By the journal alone, where rows were changed: the repair may not be declared any more."""
    if not _of(span).filter(action=PlannedChange.Action.PERFORM).exists():
        back = unwrite(span)
        return back.undone, back.conflicts
    return take_back(_action(repairs.get(plan.repair)), plan, after=span.after, upto=span.upto)


def _action(repair: Repair) -> Action:
    assert isinstance(repair, Action)
    return repair


def _refuse_a_dead_canary(repair: Repair, span: Span) -> None:
    if not isinstance(repair, RowRepair):
        return
    rows = in_chunk(
        candidates(repair, again=True),
        plan=span.plan,
        after=span.after,
        upto=span.upto,
        applied=True,
    )
    if rows.exists():
        raise CanaryFailed(CanaryFailed.__doc__)


def _of(span: Span) -> "QuerySet[PlannedChange]":
    return PlannedChange.objects.filter(
        plan=span.plan, position__gt=span.after, position__lte=span.upto
    )


def _move(plan: RepairPlan, **values: object) -> None:
    RepairPlan.objects.filter(pk=plan.pk).update(**values)


def _audit(verb: str, by: Actor, plan: RepairPlan, span: Span, **detail: object) -> None:
    positions = {"after": span.after, "upto": span.upto}
    audit(verb, by=by, subject=plan, detail={"repair": plan.repair, **positions, **detail})
