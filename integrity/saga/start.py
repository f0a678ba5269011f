"""Start a saga and call one off, inside the transaction of whoever has a reason to."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db.models import F
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from integrity.audit import Actor
from integrity.conf import config
from integrity.models import Saga, SagaStep
from integrity.saga.definition import Definition, Local, Remote, Step, newest
from integrity.saga.events import note
from integrity.saga.secrets import replace_secret
from integrity.transactions import transaction_required, wake_after_commit

State, Status = Saga.State, SagaStep.Status


class PastTheEnd(Exception):
    """It can't be called off any more: it has passed its point of no return, or has ended."""


@transaction_required
def start(
    kind: str,
    *,
    subject: str,
    by: Actor,
    secrets: Mapping[str, Mapping[str, Any]] | None = None,
    options: Mapping[str, Any] | None = None,
    retry_of: UUID | None = None,
) -> Saga:
    """Start the newest version of this kind, in the open transaction.

    While one of this kind is under way for the subject, that one is returned, and nothing else of
    this call counts. Write and lock your own rows before, as a step does.

    Args:
        subject: whom it is about: a public id, as text. It is kept as long as the saga is.
        by: who asks, and why.
        secrets: by purpose, what is personal and what steps need of vendors' ids; sealed, and gone
            when the saga ends.
        options: what steps need to know and everybody may see.
        retry_of: the uid of one that has ended, and in whose place this one does it again.

    Raises:
        UnknownName: no app declares this kind.
    """
    declared = newest(kind)
    while True:
        if (saga := _inserted(declared, subject, by, options or {}, retry_of)) is not None:
            break
        if (active := find_active(kind, subject)) is not None:
            return active
    _freeze(saga, [step for step in declared.steps if step.wanted()])
    for purpose, content in (secrets or {}).items():
        replace_secret(saga.uid, purpose, content)
    note(saga, "started", by=by)
    ring_after_commit()
    return saga


def find_active(kind: str, subject: str) -> Saga | None:
    """The one under way, also if it is parked."""
    return Saga.objects.filter(kind=kind, subject=subject, finished_at=None).first()


@transaction_required
def cancel(saga: Saga, *, by: Actor) -> None:
    """Call it off: what was done so far is taken back, in the background.

    Raises:
        PastTheEnd
    """
    called_off = Saga.objects.filter(
        pk=saga.pk, state=State.RUNNING, pivot_at=None, finished_at=None
    ).update(
        state=State.COMPENSATING,
        fence=F("fence") + 1,
        cancelled_at=Now(),
        **Saga.due_after_the_call(),
        **Saga.FRESH,
    )
    if not called_off:
        raise PastTheEnd(PastTheEnd.__doc__)
    saga.refresh_from_db()
    note(saga, "cancelled", by=by)
    ring_after_commit()


def _inserted(
    declared: Definition,
    subject: str,
    by: Actor,
    options: Mapping[str, Any],
    retry_of: UUID | None,
) -> Saga | None:
    """None where one is under way. Waits for a rival who is about to start one."""
    saga = Saga(
        uid=uuid4(),
        kind=declared.kind,
        version=declared.version,
        subject=subject,
        options=dict(options),
        retry_of=retry_of,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_via=by.via,
        reason=by.reason,
    )
    Saga.objects.bulk_create([saga], ignore_conflicts=True)
    return Saga.objects.filter(uid=saga.uid).first()


def _freeze(saga: Saga, steps: list[Step]) -> None:
    SagaStep.objects.bulk_create(
        SagaStep(
            saga=saga,
            position=position,
            name=step.name,
            kind=step.kind,
            provider=step.provider if isinstance(step, Remote) else "",
            status=Status.STARTED if _is_begun(step) else Status.PENDING,
        )
        for position, step in enumerate(steps)
    )


def _is_begun(step: Step) -> bool:
    return isinstance(step, Local) and step.begun_at_start


def ring_after_commit() -> None:
    if name := config().saga_doorbell:
        wake_after_commit(import_string(name))
