"""Apply a plan, and undo one: begin, work through it, end, and check the invariant again."""

import logging
from collections.abc import Callable, Collection
from functools import partial
from uuid import UUID

from django.db import Error

from integrity.audit import Actor
from integrity.flows import Busy
from integrity.leases import AlreadyRunning, LeaseLost, held
from integrity.log import binding, log_event
from integrity.models import PlannedChange, RepairPlan, Run
from integrity.registry import UnknownName
from integrity.repair.begin import (
    end,
    note_refusal,
    note_verdict,
    put_off,
    start,
    start_undo,
)
from integrity.repair.chunks import apply_chunk, keep_subject, skip_subject, undo_chunk
from integrity.repair.errors import Refused, Stopped
from integrity.repair.worker import CANARIES, Progress, Work, drive
from integrity.sweep import check
from integrity.transactions import CommitNotConfirmed

logger = logging.getLogger(__name__)
State = RepairPlan.State
Watch = Callable[[Progress], None]
Stop = Callable[[], bool]


def apply(
    *,
    plan: UUID,
    by: Actor,
    confirmed: Collection[str] = (),
    watch: Watch = lambda progress: None,
    stop: Stop = lambda: False,
) -> RepairPlan:
    """Apply an approved plan, and check its invariant again.

    Args:
        confirmed: what was typed to pass the obstacles that ask for it.
        watch: told how far it is.
        stop: asked after each chunk; when true, the run is paused.

    Raises:
        NotFound, UnknownName
        Refused: nothing was changed.
        Stopped: a part of it was applied; the plan says which.
        LeaseLost: somebody else took the run over.
    """
    run = _begun(partial(start, plan=plan, confirmed=confirmed, by=by), plan, by)
    return go_on(plan=plan, run=run, by=by, watch=watch, stop=stop)


def undo(
    *,
    plan: UUID,
    by: Actor,
    watch: Watch = lambda progress: None,
    stop: Stop = lambda: False,
) -> RepairPlan:
    """Put back the rows that still are as the plan left them; the others are listed as conflicts.

    Raises: as `apply`; Refused also where undoing the first row would break a promise.
    """
    run = _begun(partial(start_undo, plan=plan, by=by), plan, by)
    return go_on(plan=plan, run=run, by=by, watch=watch, stop=stop)


def _begun(begin: Callable[[], Run], plan: UUID, by: Actor) -> Run:
    try:
        return begin()
    except Refused as error:
        note_refusal(plan=plan, by=by, error=str(error))
        raise


def go_on(*, plan: UUID, run: Run, by: Actor, watch: Watch, stop: Stop) -> RepairPlan:
    """Work on from the cursor, whether it has just begun or was resumed."""
    with binding(plan=plan):
        return _go_on(plan, run, by, watch, stop)


def _go_on(plan: UUID, run: Run, by: Actor, watch: Watch, stop: Stop) -> RepairPlan:
    at_work = RepairPlan.objects.get(uid=plan)
    journey = _undoing if at_work.state == State.UNDOING else _applying
    try:
        with held(run):
            journey(at_work, run, by, watch, stop)
    except (Stopped, LeaseLost, Refused):
        raise
    except BaseException as error:
        _give_up(at_work, run, by, error)
        raise
    at_work.refresh_from_db()
    if at_work.state in (State.APPLIED, State.UNDONE):
        _verify(at_work, by)
    return at_work


def _applying(plan: RepairPlan, run: Run, by: Actor, watch: Watch, stop: Stop) -> None:
    def unfit() -> tuple[int, int]:
        plan.refresh_from_db(fields=["stale", "failed"])
        return plan.stale + plan.failed, plan.changes

    def left() -> int:
        plan.refresh_from_db(fields=["cursor"])
        return plan.subjects - plan.cursor

    work = Work(
        chunk=lambda size, canary: apply_chunk(
            plan=plan.pk, run=run, size=size, canary=canary, by=by
        ),
        skip=lambda error: skip_subject(plan=plan.pk, run=run, error=error, by=by),
        left=left,
        unfit=unfit,
        canaries=CANARIES if plan.cursor == 0 else (),
        watch=watch,
        stop=stop,
    )
    _drive(work, plan, run, by, State.APPLIED, "integrity.repair_applied")


def _undoing(plan: RepairPlan, run: Run, by: Actor, watch: Watch, stop: Stop) -> None:
    def left() -> int:
        plan.refresh_from_db(fields=["cursor", "undone"])
        return plan.cursor

    def keep(error: str) -> None:
        if not plan.undone:
            _refuse_undo(plan, run, by, error)
        keep_subject(plan=plan.pk, run=run, error=error, by=by)

    work = Work(
        chunk=lambda size, canary: undo_chunk(plan=plan.pk, run=run, size=size, by=by),
        skip=keep,
        left=left,
        unfit=lambda: (0, 1),
        canaries=CANARIES[:1],
        watch=watch,
        stop=stop,
    )
    _drive(work, plan, run, by, State.UNDONE, "integrity.repair_undone")


def _refuse_undo(plan: RepairPlan, run: Run, by: Actor, error: str) -> None:
    text = f"Undoing it would break a promise of the database: {error}. Nothing was changed."
    state = State.CANCELLED if _is_partial(plan) else State.APPLIED
    _end(plan, run, state, Run.State.FAILED, by, text, "integrity.repair_undo_refused")
    raise Refused(text)


def _is_partial(plan: RepairPlan) -> bool:
    return PlannedChange.objects.filter(plan=plan, state=PlannedChange.State.PLANNED).exists()


def _drive(work: Work, plan: RepairPlan, run: Run, by: Actor, state: str, verb: str) -> None:
    try:
        wish = drive(work)
    except Stopped as error:
        _stop(plan, run, by, str(error))
        raise
    if wish == Run.State.PAUSING:
        put_off(plan=plan.pk, run=run, by=by)
    elif wish == Run.State.CANCELLING:
        _end(plan, run, State.CANCELLED, Run.State.CANCELLED, by, "", "integrity.repair_cancelled")
    else:
        _end(plan, run, state, Run.State.SUCCEEDED, by, "", verb)


def _stop(plan: RepairPlan, run: Run, by: Actor, error: str) -> None:
    # Who resumes what has failed goes on applying it: never after somebody asked for its undo.
    state = State.CANCELLED if plan.state == State.UNDOING else State.FAILED
    _end(plan, run, state, Run.State.FAILED, by, error, "integrity.repair_failed")


def _give_up(plan: RepairPlan, run: Run, by: Actor, error: BaseException) -> None:
    """In a transaction of its own; where even that fails, the lease runs out."""
    text = str(error).partition("\n")[0]
    try:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            put_off(plan=plan.pk, run=run, by=by, error="stopped")
        else:
            _stop(plan, run, by, f"{type(error).__name__}: {text}")
    except (Error, Busy, CommitNotConfirmed, LeaseLost) as second:
        log_event(logger, logging.ERROR, "repair.not_ended", run=run.uid, error=repr(second))


def _end(
    plan: RepairPlan, run: Run, state: str, run_state: str, by: Actor, error: str, verb: str
) -> None:
    end(plan=plan.pk, run=run, state=state, run_state=run_state, by=by, error=error, verb=verb)


def _verify(plan: RepairPlan, by: Actor) -> None:
    """Check the invariant as any check does, so that its findings are resolved, too."""
    try:
        (result,) = check([plan.invariant], by=by, current=True).report.results
        plan.verdict = result.result
    except (AlreadyRunning, LeaseLost, UnknownName):
        plan.verdict = "unknown"
    note_verdict(plan=plan.pk, verdict=plan.verdict)
