"""Start, resume and end the run of a plan. Each is one transaction, also where it ends badly."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from integrity.audit import Actor, audit
from integrity.conf import config
from integrity.flows import flow
from integrity.leases import AlreadyRunning, begin, finish, hold
from integrity.models import PlannedChange, RepairPlan, Run
from integrity.repair.actions import Action, count_to_do
from integrity.repair.approve import locked, refuse_expired
from integrity.repair.declare import Repair, RowRepair, repairs
from integrity.repair.errors import Refused, declared_right
from integrity.repair.plan import hash_of, prepare_session
from integrity.repair.worker import MAX_UNFIT
from integrity.repair.writing import Span, count_agreeing
from integrity.transactions import transaction_required

State = RepairPlan.State


@flow("integrity.start_repair", statement_timeout=900.0, lock_timeout=5.0)
def start(*, plan: UUID, confirmed: Collection[str], by: Actor) -> Run:
    """Let an approved plan begin. Raises NotFound, Refused, UnknownName."""
    return started(plan, confirmed=confirmed, by=by)


@transaction_required
def started(
    plan: UUID, *, confirmed: Collection[str], by: Actor, version: int | None = None
) -> Run:
    """The run of an approved plan.

    1. Refuse what is not approved, too old, or in the way; begin the run.
    2. Refuse what is not what was approved, or of which more than 5 % has changed since.

    Args:
        confirmed: what the person typed, of what the obstacles ask for.
        version: as which the plan was looked at; whichever, when None.
    """
    approved = locked(plan, version)
    if approved.state != State.APPROVED:
        raise Refused(f"The plan is {approved.state}; only an approved one is applied.")
    refuse_expired(approved)
    repair = repairs.get(approved.repair)
    _refuse_obstacles(repair, confirmed)
    run = _begin(approved, by)
    prepare_session()
    if hash_of(approved) != approved.hash:
        raise Refused("This is not what was approved: the plan was changed. Plan again.")
    with declared_right(repair.name):
        _refuse_stale(repair, approved)
    begun = {"started_at": Now(), "undo_until": _undo_until(), "error": ""}
    _change(approved, state=State.RUNNING, run=run.uid, **begun)
    detail = {"hash": approved.hash, "confirmed": list(confirmed), "run": str(run.uid)}
    audit("integrity.repair_started", by=by, subject=approved, detail=detail)
    return run


def _refuse_obstacles(repair: Repair, confirmed: Collection[str]) -> None:
    for obstacle in repair.obstacles():
        if not obstacle.confirm:
            raise Refused(obstacle.text)
        if obstacle.confirm not in confirmed:
            raise Refused(f"{obstacle.text} To go on all the same, confirm: {obstacle.confirm}")


def _refuse_stale(repair: Repair, plan: RepairPlan) -> None:
    if isinstance(repair, Action):
        agreeing = count_to_do(repair, plan)
    else:
        assert isinstance(repair, RowRepair)
        agreeing = count_agreeing(repair, plan, Span(plan.pk, 0, plan.subjects))
    stale = plan.changes - agreeing
    if stale > MAX_UNFIT * plan.changes:
        raise Refused(
            f"{stale:,} of {plan.changes:,} changes have become stale: that is more than 5 %."
            " Plan again."
        )


def _begin(plan: RepairPlan, by: Actor) -> Run:
    try:
        return begin(kind=Run.Kind.REPAIR, scope=plan.repair, by=by)
    except AlreadyRunning as error:
        raise Refused(f"Not now: {error}. Resume or cancel it first.") from error


def _undo_until() -> Any:
    return Now() + timedelta(days=config().undo_days)


@flow("integrity.start_undo")
def start_undo(*, plan: UUID, by: Actor) -> Run:
    """Let the undo of a plan begin. Raises NotFound, Refused."""
    return started_undo(plan, by=by)


@transaction_required
def started_undo(plan: UUID, *, by: Actor, version: int | None = None) -> Run:
    done = locked(plan, version)
    if done.state not in (State.APPLIED, State.FAILED, State.CANCELLED):
        raise Refused(f"The plan is {done.state}; there is nothing to undo now.")
    if done.irreversible:
        raise Refused("This repair is irreversible.")
    if not by.reason.strip():
        raise Refused("An undo says why: give a reason.")
    if not done.applied:
        raise Refused("It has changed nothing, so there is nothing to undo.")
    if not RepairPlan.objects.filter(pk=done.pk, undo_until__gte=Now()).exists():
        raise Refused("The time for undoing it is over.")
    changed = PlannedChange.objects.filter(plan=done, state=PlannedChange.State.APPLIED)
    if not changed.exists():
        raise Refused("None of its rows are as it left them, so there is nothing to undo.")
    last = changed.order_by("-position").values_list("position", flat=True)[0]
    run = _begin(done, by)
    _change(done, state=State.UNDOING, run=run.uid, cursor=last, error="")
    audit("integrity.repair_undo_started", by=by, subject=done, detail={"run": str(run.uid)})
    return run


@flow("integrity.end_repair")
def end(
    *, plan: int, run: Run, state: str, run_state: str, by: Actor, error: str = "", verb: str
) -> None:
    """The plan is in this state now, and its run is over. Raises LeaseLost."""
    hold(run)
    ended = RepairPlan.objects.select_for_update(no_key=True).get(pk=plan)
    _change(ended, state=state, error=error, **_at_the_end(ended, state))
    detail = {"run": str(run.uid), "error": error}
    counts = {name: getattr(ended, name) for name in _COUNTS}
    audit(verb, by=by, subject=ended, detail={**detail, **counts})
    finish(run, run_state, error=error, detail=counts)


def _at_the_end(ended: RepairPlan, state: str) -> dict[str, Any]:
    if ended.state == State.UNDOING:
        # Back where it was, as the undo was refused; or what was checked is no longer there.
        return {} if state == State.APPLIED else {"verdict": ""}
    return {"finished_at": Now(), "undo_until": _undo_until()} if state == State.APPLIED else {}


_COUNTS = ("changes", "applied", "stale", "failed", "undone", "conflicts")


@flow("integrity.put_off_repair")
def put_off(*, plan: int, run: Run, by: Actor, error: str = "") -> None:
    """Between two chunks: the run is paused, and goes on from here. Raises LeaseLost."""
    hold(run)
    paused = RepairPlan.objects.get(pk=plan)
    Run.objects.filter(uid=run.uid).update(
        state=Run.State.PAUSED, lease_token=None, lease_until=None, error=error
    )
    detail = {"run": str(run.uid), "cursor": paused.cursor, "error": error}
    audit("integrity.repair_paused", by=by, subject=paused, detail=detail)


@flow("integrity.refuse_repair")
def note_refusal(*, plan: UUID, by: Actor, error: str) -> None:
    """Nothing was changed, and the record says who tried and why not."""
    refused = locked(plan)
    # Its version stays: whoever was refused may mend what they sent, and send it again. What has
    # begun is none the worse for somebody who came too late.
    fresh = RepairPlan.objects.filter(pk=refused.pk, state__in=[State.DRAFT, State.APPROVED])
    fresh.update(error=error)
    audit("integrity.repair_refused", by=by, subject=refused, detail={"error": error})


@flow("integrity.note_verdict")
def note_verdict(*, plan: int, verdict: str) -> None:
    RepairPlan.objects.filter(pk=plan).update(verdict=verdict)


@transaction_required
def _change(plan: RepairPlan, **values: Any) -> None:
    RepairPlan.objects.filter(pk=plan.pk).update(**values, version=F("version") + 1)
