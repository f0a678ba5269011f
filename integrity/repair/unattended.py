"""Repairs that an operator lets run by themselves, after a sweep that found something for them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import Error

from integrity.audit import Actor, audit
from integrity.flows import Busy, flow
from integrity.leases import LeaseLost
from integrity.log import log_event
from integrity.models import RepairPlan, RunResult, UnattendedRepair
from integrity.registry import UnknownName
from integrity.repair.apply import apply
from integrity.repair.approve import approve
from integrity.repair.chunks import CanaryFailed
from integrity.repair.control import cancel
from integrity.repair.declare import Kind, Repair, repairs
from integrity.repair.errors import NotFound, Refused, Stopped
from integrity.repair.plan import NothingToRepair, plan_repair
from integrity.repair.writing import RowsMoved
from integrity.transactions import CommitNotConfirmed

logger = logging.getLogger(__name__)
NEVER = (Kind.DELETE, Kind.EXTERNAL)
FAILURES = (
    Refused,
    NotFound,
    Stopped,
    LeaseLost,
    CanaryFailed,
    RowsMoved,
    Busy,
    CommitNotConfirmed,
    Error,
)


@dataclass(frozen=True)
class Unattended:
    """What became of one repair: `applied`, or why not."""

    repair: str
    plan: UUID | None
    outcome: str


@flow("integrity.allow_unattended_repair")
def allow_unattended(*, repair: str, by: Actor) -> None:
    """Let a repair run after every sweep that finds something for it, within its max_affected.

    Raises:
        UnknownName
        Refused: it deletes, reaches into other systems or can't be undone; or no reason was given.
    """
    _refuse_dangerous(repairs.get(repair))
    if not by.reason.strip():
        raise Refused("To let a repair run by itself, say why: give a reason.")
    allowed, _ = UnattendedRepair.objects.update_or_create(
        repair=repair,
        defaults={"allowed_by_kind": by.kind, "allowed_by_id": by.id, "reason": by.reason},
    )
    audit("integrity.unattended_allowed", by=by, subject=allowed)


def _refuse_dangerous(repair: Repair) -> None:
    if repair.kind in NEVER:
        raise Refused(f"A repair of the kind {repair.kind} never runs by itself.")
    if repair.irreversible:
        raise Refused("A repair that can't be undone never runs by itself.")


@flow("integrity.forbid_unattended_repair")
def forbid_unattended(*, repair: str, by: Actor) -> None:
    """From now on somebody has to apply it. Raises Refused: it never was allowed."""
    allowed = UnattendedRepair.objects.select_for_update().filter(repair=repair).first()
    if allowed is None:
        raise Refused(f"{repair} isn't allowed to run unattended.")
    audit("integrity.unattended_forbidden", by=by, subject=allowed)
    allowed.delete()


def repair_unattended(*, by: Actor) -> list[Unattended]:
    """Do what is allowed, of what the last check found broken. One failure doesn't stop the rest."""
    return list(_all(by))


def _all(by: Actor) -> Iterator[Unattended]:
    for allowed in UnattendedRepair.objects.order_by("repair"):
        try:
            yield _one(allowed, by)
        except FAILURES as error:
            yield _failed(allowed.repair, error)
        except UnknownName:
            yield Unattended(allowed.repair, None, "it is no longer declared")


def _failed(repair: str, error: Exception) -> Unattended:
    text = str(error).partition("\n")[0]
    log_event(logger, logging.ERROR, "repair.unattended_failed", repair=repair, error=text)
    return Unattended(repair, None, text)


def _one(allowed: UnattendedRepair, by: Actor) -> Unattended:
    repair = repairs.get(allowed.repair)
    _refuse_dangerous(repair)
    last = RunResult.objects.filter(invariant=repair.invariant).order_by("-at").first()
    if last is None or last.result != RunResult.Verdict.BROKEN or not last.complete:
        return Unattended(repair.name, None, "the last check found nothing for it")
    try:
        plan = plan_repair(repair=repair.name, by=by)
    except NothingToRepair:
        return Unattended(repair.name, None, "nothing is left to do")
    if reason := _why_not(plan):
        cancel(plan=plan.uid, by=by)
        log_event(
            logger, logging.WARNING, "repair.unattended_refused", repair=repair.name, reason=reason
        )
        return Unattended(repair.name, plan.uid, reason)
    approve(plan=plan.uid, hash=plan.hash, by=_allower(allowed))
    return Unattended(repair.name, plan.uid, apply(plan=plan.uid, by=by).state)


def _why_not(plan: RepairPlan) -> str:
    if plan.over_limit:
        return "it would change more rows than it may"
    return plan.apply_refusal or "; ".join(plan.obstacles)


def _allower(allowed: UnattendedRepair) -> Actor:
    """Who allowed it is who approved it: the second person beside the task."""
    reason = f"allowed to run unattended: {allowed.reason}"
    return Actor(allowed.allowed_by_kind, allowed.allowed_by_id, reason, via="task")
