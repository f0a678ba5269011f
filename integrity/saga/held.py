"""A saga in the hands of one worker, and the fence before everything it writes."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.conf import config
from integrity.flows import flow
from integrity.models import Saga, SagaStep
from integrity.saga.context import At
from integrity.saga.definition import Definition, Step, sagas
from integrity.saga.events import note
from integrity.saga.secrets import secret
from integrity.transactions import transaction_required

State, Wait, Status = Saga.State, Saga.Wait, SagaStep.Status
# A call is begun only in the first part of the lease, so that it ends within it.
FRESH_SHARE = 0.6


class LostLease(Exception):
    """Somebody else has the saga by now; nothing of this worker's may be written any more."""


class TooLate(Exception):
    """So much of the lease is gone that a call might outlive it. Give the saga back."""


@dataclass
class Held:
    """A saga as it was read, with its steps, by whoever claimed it last."""

    saga: Saga
    steps: list[SagaStep]
    declared: Definition
    now: datetime
    renewed: float = field(default_factory=time.monotonic)

    @property
    def step(self) -> SagaStep:
        return self.steps[self.saga.position]

    @property
    def forward(self) -> bool:
        return self.saga.state == State.RUNNING

    @property
    def out_of_patience(self) -> bool:
        """It could still be taken back, and has failed or waited for a provider for too long."""
        saga, patience = self.saga, timedelta(seconds=config().saga_patience)
        reversible = self.forward and saga.pivot_at is None
        since = saga.first_failed_at
        return reversible and since is not None and self.now - since > patience

    def declaration(self, step: SagaStep) -> Step | None:
        """None where this code doesn't know the step."""
        return self.declared.step(step.name)

    def at(self, step: SagaStep) -> At:
        """Raises UnreadableSeal."""
        saga = self.saga
        return At(
            saga=saga.uid,
            kind=saga.kind,
            subject=saga.subject,
            by=Actor(saga.actor_kind, saga.actor_id, saga.reason, saga.actor_via),
            step=step.name,
            key=key_of(saga, step),
            now=self.now,
            attempt=saga.attempts + 1,
            cancelled=saga.cancelled_at is not None,
            options=saga.options,
            prior=secret(saga.uid, f"prior:{step.name}") if step.kind == "remote" else {},
            results={each.name: each.result for each in self.steps if each.result},
        )

    @transaction_required
    def write(self, **values: Any) -> None:
        """Write the saga's row, last in its transaction.

        Raises:
            LostLease: it was claimed or steered since it was read; roll all of it back.
        """
        same = {name: getattr(self.saga, name) for name in ("pk", "fence", "state", "position")}
        if not Saga.objects.filter(**same).update(updated_at=Now(), **values):
            raise LostLease(str(self.saga.uid))

    @transaction_required
    def write_step(self, step: SagaStep, **values: Any) -> None:
        SagaStep.objects.filter(pk=step.pk).update(**values)

    def note(self, event: str, step: SagaStep | None = None, **detail: Any) -> None:
        note(self.saga, event, step=step.name if step else "", **detail)

    def must_be_fresh(self) -> None:
        if time.monotonic() - self.renewed > config().saga_lease * FRESH_SHARE:
            raise TooLate(str(self.saga.uid))


def key_of(saga: Saga, step: SagaStep) -> str:
    """The same over all attempts of a step, another one for its undo."""
    do = "do" if saga.state == State.RUNNING else "undo"
    return f"saga:{saga.uid}:{step.name}:{do}:{step.key_epoch}"


@flow("integrity.move_saga")
def move(*, held: Held, change: Callable[[], bool | None]) -> bool:
    """One step of a saga's life: what it does here, its record and the saga's row, or nothing.

    Raises:
        LostLease
    """
    told = change()
    held.renewed = time.monotonic()
    return bool(told)


def leased() -> dict[str, Any]:
    """As written by a worker that goes on with it."""
    until = Now() + timedelta(seconds=config().saga_lease)
    return {"wake_at": until, "wait": Wait.AT_WORK, "owner": this_worker()}


def waiting(wait: Saga.Wait, seconds: float) -> dict[str, Any]:
    """As written by a worker that lets go of it."""
    return {"wake_at": Now() + timedelta(seconds=seconds), "wait": wait, "owner": ""}


def this_worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def look(saga: Saga) -> Held:
    """Read a saga that was claimed, as it is now.

    Raises:
        LostLease: it was claimed by somebody else, or steered.
        LookupError: this code doesn't know it.
    """
    same = {"pk": saga.pk, "fence": saga.fence, "state__in": Saga.ACTIVE}
    seen = Saga.objects.filter(**same).annotate(read_at=Now()).first()
    if seen is None:
        raise LostLease(str(saga.uid))
    steps = list(SagaStep.objects.filter(saga=seen).order_by("position"))
    declared = sagas.get(f"{seen.kind}/{seen.version}")
    return Held(seen, steps, declared, now=seen.read_at)


def give_back(held: Held) -> None:
    """Let anybody go on with it at once."""
    move(held=held, change=lambda: held.write(**waiting(Wait.READY, 0)))


def renew(held: Held) -> None:
    move(held=held, change=lambda: held.write(**leased()))
