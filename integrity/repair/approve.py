"""Approve a plan: somebody says why it may be applied, and signs for exactly these changes."""

from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from integrity.audit import Actor, audit
from integrity.conf import config
from integrity.flows import claim_operation, flow
from integrity.models import RepairPlan
from integrity.repair.errors import NotFound, Refused
from integrity.transactions import transaction_required

State = RepairPlan.State


@flow("integrity.approve_repair")
def approve(
    *, plan: UUID, hash: str, by: Actor, operation: str = "", version: int | None = None
) -> RepairPlan:
    """The draft may be applied by whoever is allowed to.

    Args:
        hash: of the plan that was looked at.
        version: as which it was looked at; whichever, when None.

    Raises:
        NotFound
        Refused: it is over, it isn't what was looked at, no reason was given, or it takes a
            second person.
    """
    claim_operation(operation)
    draft = locked(plan, version)
    _refuse(draft, hash, by)
    RepairPlan.objects.filter(pk=draft.pk).update(
        state=State.APPROVED,
        approved_at=Now(),
        approved_by_kind=by.kind,
        approved_by_id=by.id,
        approve_reason=by.reason,
        error="",
        version=F("version") + 1,
    )
    audit("integrity.repair_approved", by=by, subject=draft, detail={"hash": draft.hash})
    draft.refresh_from_db()
    return draft


def _refuse(draft: RepairPlan, hash: str, by: Actor) -> None:
    if draft.state != State.DRAFT:
        raise Refused(f"The plan is {draft.state}; only a draft is approved.")
    refuse_expired(draft)
    if hash != draft.hash:
        raise Refused("This is not the plan that was looked at. Look at it again.")
    if not by.reason.strip():
        raise Refused("An approval says why: give a reason.")
    if waits_for_another_than(draft, kind=by.kind, id=by.id):
        raise Refused("Somebody else has to approve it: who plans this doesn't approve it.")


def takes_second_person(plan: RepairPlan) -> bool:
    return plan.needs_second_person and config().second_person


def waits_for_another_than(plan: RepairPlan, *, kind: str, id: str) -> bool:
    """This actor planned it, and who plans such a thing doesn't approve it."""
    return takes_second_person(plan) and (plan.created_by_kind, plan.created_by_id) == (kind, id)


def refuse_expired(plan: RepairPlan) -> None:
    if RepairPlan.objects.filter(pk=plan.pk, expires_at__lt=Now()).exists():
        raise Refused("The plan is too old: what it was made from may have changed. Plan again.")


@transaction_required
def locked(uid: UUID, version: int | None = None) -> RepairPlan:
    """Raises NotFound; Refused: it is no longer the version that was looked at."""
    plan = RepairPlan.objects.select_for_update(no_key=True).filter(uid=uid).first()
    if plan is None:
        raise NotFound(f"There is no plan {uid}.")
    if version is not None and version != plan.version:
        raise Refused("Somebody went on with this plan meanwhile. Look at it again.")
    return plan
