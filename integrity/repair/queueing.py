"""Repairs that somebody asks for on a page: begun there, done by whoever works in the background."""

import logging
from collections.abc import Callable, Collection
from uuid import UUID

from django.db.models.functions import Now
from django.utils.module_loading import import_string

from integrity.audit import Actor
from integrity.conf import config
from integrity.flows import claim_operation, flow
from integrity.leases import take_queued
from integrity.log import log_event
from integrity.models import RepairPlan, Run
from integrity.queued import PATIENCE
from integrity.registry import UnknownName
from integrity.repair.apply import go_on
from integrity.repair.begin import note_refusal, started, started_undo
from integrity.repair.control import resumed
from integrity.repair.errors import Refused
from integrity.repair.unattended import FAILURES
from integrity.transactions import transaction_required, wake_after_commit

logger = logging.getLogger(__name__)


def apply_later(
    *,
    plan: UUID,
    by: Actor,
    confirmed: Collection[str] = (),
    version: int | None = None,
    operation: str = "",
) -> Run:
    """Begin an approved plan, and leave the work to a worker.

    Args:
        confirmed: what was typed to pass the obstacles that ask for it.
        version: as which the plan was looked at; whichever, when None.

    Raises:
        NotFound, UnknownName
        Refused: nothing was changed; the record says who tried and why not.
        AlreadyDone: this operation was done before.
    """

    def begin() -> Run:
        return queue_repair(
            plan=plan, by=by, confirmed=confirmed, version=version, operation=operation
        )

    return _begun(begin, plan, by)


def undo_later(*, plan: UUID, by: Actor, version: int | None = None, operation: str = "") -> Run:
    """As `apply_later`, to put back what the plan has changed."""

    def begin() -> Run:
        return queue_undo(plan=plan, by=by, version=version, operation=operation)

    return _begun(begin, plan, by)


def _begun(begin: Callable[[], Run], plan: UUID, by: Actor) -> Run:
    try:
        return begin()
    except Refused as error:
        note_refusal(plan=plan, by=by, error=str(error))
        raise


@flow("integrity.queue_repair", statement_timeout=900.0, lock_timeout=5.0)
def queue_repair(
    *, plan: UUID, by: Actor, confirmed: Collection[str], version: int | None, operation: str
) -> Run:
    claim_operation(operation)
    return _handed_over(started(plan, confirmed=confirmed, by=by, version=version))


@flow("integrity.queue_undo")
def queue_undo(*, plan: UUID, by: Actor, version: int | None, operation: str) -> Run:
    claim_operation(operation)
    return _handed_over(started_undo(plan, by=by, version=version))


@flow("integrity.queue_resume")
def resume_later(*, plan: UUID, by: Actor, version: int | None = None, operation: str = "") -> Run:
    """Let a worker go on behind the last chunk. Raises NotFound, Refused, AlreadyDone."""
    claim_operation(operation)
    return _handed_over(resumed(plan, by=by, version=version))


@transaction_required
def _handed_over(run: Run) -> Run:
    """Whoever takes it within a quarter of an hour works on it; then it is to be resumed."""
    Run.objects.filter(pk=run.pk).update(
        state=Run.State.QUEUED, lease_token=None, lease_until=Now() + PATIENCE
    )
    if name := config().repair_doorbell:
        wake_after_commit(import_string(name))
    run.refresh_from_db()
    return run


def work_queued(*, limit: int = 10) -> int:
    """Work on the repairs that wait, the oldest first. Returns how many were begun.

    How one ended stands in its plan and its run; a failure doesn't stop the rest.
    """
    begun = 0
    while begun < limit and (run := take_queued(Run.Kind.REPAIR)):
        begun += 1
        _work(run)
    return begun


def _work(run: Run) -> None:
    plan = RepairPlan.objects.get(run=run.uid)
    by = Actor(run.actor_kind, run.actor_id, run.reason, via="task")
    try:
        go_on(plan=plan.uid, run=run, by=by, watch=lambda progress: None, stop=lambda: False)
    except (*FAILURES, UnknownName) as error:
        log_event(
            logger,
            logging.ERROR,
            "repair.not_finished",
            plan=plan.uid,
            error=str(error).partition("\n")[0],
        )
