"""Pause, resume and cancel a repair, also one whose process is gone."""

import uuid
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from integrity.audit import Actor, audit
from integrity.conf import config
from integrity.flows import flow
from integrity.leases import begin
from integrity.models import RepairPlan, Run
from integrity.repair.approve import locked
from integrity.repair.errors import Refused
from integrity.transactions import transaction_required

State, RunState = RepairPlan.State, Run.State
# Nobody is at work on it, and nobody has to be asked to stop.
IDLE = (RunState.QUEUED, RunState.PAUSED)
BUSY = (RunState.RUNNING, RunState.PAUSING, RunState.CANCELLING)


@flow("integrity.pause_repair")
def pause(*, plan: UUID, by: Actor, force: bool = False, version: int | None = None) -> Run:
    """Stop after the chunk in hand, to be resumed. Raises NotFound, Refused.

    Args:
        force: nobody is at work on it any more, for there was no sign of life for a lease's time.
        version: as which the plan was looked at; whichever, when None.
    """
    at_work, run = _at_work(plan, version, RunState.QUEUED, *BUSY)
    if run.state == RunState.CANCELLING:
        raise Refused("It was asked to give up, and does so after the chunk in hand.")
    if run.state == RunState.QUEUED:
        state: str = RunState.PAUSED
    else:
        state = _forced(run, RunState.PAUSED) if force else RunState.PAUSING
    return _ask(run, state, "integrity.repair_pause_asked", at_work, by)


@flow("integrity.cancel_repair")
def cancel(*, plan: UUID, by: Actor, force: bool = False, version: int | None = None) -> RepairPlan:
    """Give a plan up. What it has changed stays, and can be undone. Raises NotFound, Refused."""
    given_up = locked(plan, version)
    if given_up.state in (State.DRAFT, State.APPROVED):
        _end_plan(given_up)
        audit("integrity.repair_cancelled", by=by, subject=given_up)
    else:
        at_work, run = _at_work(plan, version, *IDLE, *BUSY)
        if force or run.state in IDLE:
            if run.state not in IDLE:
                _forced(run, RunState.CANCELLED)
            _end_plan(at_work)
            _ask(run, RunState.CANCELLED, "integrity.repair_cancelled", at_work, by)
        else:
            _ask(run, RunState.CANCELLING, "integrity.repair_cancel_asked", at_work, by)
    given_up.refresh_from_db()
    return given_up


@flow("integrity.resume_repair")
def resume(*, plan: UUID, by: Actor) -> Run:
    """Take a plan's run over, to go on behind the last chunk that was committed.

    Lawful when the run is queued, paused, failed or interrupted, or gave no sign of life for a
    lease's time. Raises NotFound, Refused.
    """
    return resumed(plan, by=by)


@transaction_required
def resumed(plan: UUID, *, by: Actor, version: int | None = None) -> Run:
    stopped = locked(plan, version)
    run = Run.objects.select_for_update().filter(uid__in=[stopped.run]).first()
    if run is None or stopped.state not in (*RepairPlan.AT_WORK, State.FAILED):
        raise Refused(f"The plan is {stopped.state}; there is nothing to resume.")
    if run.finished_at is None:
        run = _taken_over(run)
    else:
        run = begin(kind=Run.Kind.REPAIR, scope=stopped.repair, by=by)
    state = State.RUNNING if stopped.state == State.FAILED else stopped.state
    RepairPlan.objects.filter(pk=stopped.pk).update(
        state=state, run=run.uid, error="", version=F("version") + 1
    )
    detail = {"run": str(run.uid), "cursor": stopped.cursor}
    audit("integrity.repair_resumed", by=by, subject=stopped, detail=detail)
    return run


def _taken_over(run: Run) -> Run:
    if run.state not in IDLE and not _is_abandoned(run):
        raise Refused(_ALIVE.format(seconds=config().run_lease))
    token = uuid.uuid4()
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        lease_token=token,
        lease_until=Now() + timedelta(seconds=config().run_lease),
        heartbeat_at=Now(),
        error="",
    )
    run.refresh_from_db()
    return run


@transaction_required
def _at_work(uid: UUID, version: int | None, *states: str) -> tuple[RepairPlan, Run]:
    plan = locked(uid, version)
    run = Run.objects.select_for_update().filter(uid__in=[plan.run], state__in=states).first()
    if run is None:
        raise Refused(f"The plan is {plan.state}, and nothing is at work on it.")
    return plan, run


def _forced(run: Run, state: str) -> str:
    if not _is_abandoned(run):
        raise Refused(_ALIVE.format(seconds=config().run_lease))
    return state


def _is_abandoned(run: Run) -> bool:
    silent = Q(heartbeat_at__lt=Now() - timedelta(seconds=config().run_lease))
    return Run.objects.filter(silent, pk=run.pk).exists()


_ALIVE = (
    "Its process gave a sign of life less than {seconds:.0f} s ago. Ask it to pause, and wait; or"
    " make sure that it is gone, and try again after that time."
)


@transaction_required
def _ask(run: Run, state: str, verb: str, plan: RepairPlan, by: Actor) -> Run:
    idle = {"lease_token": None, "lease_until": None}
    over = {"finished_at": Now()} if state == RunState.CANCELLED else {}
    left = idle if state in (RunState.PAUSED, RunState.CANCELLED) else {}
    Run.objects.filter(pk=run.pk).update(state=state, **left, **over)
    audit(verb, by=by, subject=plan, detail={"run": str(run.uid), "cursor": plan.cursor})
    run.refresh_from_db()
    return run


@transaction_required
def _end_plan(plan: RepairPlan) -> None:
    RepairPlan.objects.filter(pk=plan.pk).update(
        state=State.CANCELLED, verdict="", error="", version=F("version") + 1
    )
