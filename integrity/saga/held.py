"""A saga in the hands of one worker, and the fence before everything it writes."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.conf import config
from integrity.flows import flow
from integrity.models import PausedKind, Saga, SagaStep
from integrity.saga.context import At
from integrity.saga.definition import Definition, Remote, Step, sagas
from integrity.saga.events import line
from integrity.saga.secrets import secret
from integrity.saga.writes import Begun, FromNow, Writes
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
    """A saga as it was read, with its steps, by whoever claimed it last.

    Args:
        steps: as they were read; `written` is how this worker has left them since.
        until: the worker begins no further step after this time, of `time.monotonic`.
        begun: the step at which it is was begun when the one before it was recorded. Its status
            and its doubt are those from before that.
        ahead: as the last move has left it.
    """

    saga: Saga
    steps: list[SagaStep]
    declared: Definition
    now: datetime
    # Its kind is: nothing more of it is begun.
    paused: bool = False
    until: float = 0
    begun: bool = False
    ahead: "Held | None" = None
    renewed: float = field(default_factory=time.monotonic)
    written: dict[int, SagaStep] = field(default_factory=dict)
    # Of the open transaction.
    writes: Writes = field(default_factory=Writes)

    @property
    def step(self) -> SagaStep:
        return self.steps[self.saga.position]

    @property
    def forward(self) -> bool:
        return not self.saga.goes_back

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
            prior=self._prior(step),
            results={each.name: each.result for each in self.steps if each.result},
        )

    def _prior(self, step: SagaStep) -> dict[str, Any]:
        declared = self.declaration(step)
        captures = isinstance(declared, Remote) and declared.capture is not None
        return secret(self.saga.uid, f"prior:{step.name}") if captures else {}

    @transaction_required
    def write(self, **values: Any) -> None:
        """Write the saga's row. This and all of the following is sent at the end of the move."""
        self.writes.saga.update(values)

    @transaction_required
    def write_step(self, step: SagaStep, **values: Any) -> None:
        self.writes.steps.setdefault(step.position, {}).update(values)

    @transaction_required
    def note(self, event: str, step: SagaStep | None = None, **detail: Any) -> None:
        """For the timeline."""
        name = step.name if step else ""
        self.writes.events.append(line(self.saga, event, step=name, **detail))

    @transaction_required
    def answered(self, provider: str) -> None:
        """It has dealt with a call, whatever it said to it: its gate is open."""
        self.writes.answered = provider

    @transaction_required
    def begin_ahead(self, step: SagaStep, values: dict[str, Any], *, gate: str, key: str) -> None:
        """The call of another step, in the transaction that records the one at which it is."""
        event = line(self.saga, "step_begun", step=step.name, attempt=1, key=key)
        self.writes.ahead = Begun(step, gate, values, event)

    def as_written(self, step: SagaStep) -> SagaStep:
        """With what this worker has written to it since it was read."""
        return self.writes.step(self.written.get(step.position, step))

    def go_ahead(self, saga: Saga) -> None:
        """What was just committed is what a look would find, so nobody has to take one."""
        now, paused = saga.updated_at, saga.kind_is_paused  # type: ignore[attr-defined]
        steps = [self.as_written(each) for each in self.steps]
        self.written, self.writes = {each.position: each for each in steps}, Writes()
        self.ahead = Held(saga, steps, self.declared, now, paused, self.until)
        self.ahead.begun = saga.begun  # type: ignore[attr-defined]

    def must_be_fresh(self) -> None:
        if time.monotonic() - self.renewed > config().saga_lease * FRESH_SHARE:
            raise TooLate(str(self.saga.uid))


def key_of(saga: Saga, step: SagaStep) -> str:
    """The same over all attempts of a step, another one for its undo."""
    do = "undo" if saga.goes_back else "do"
    return f"saga:{saga.uid}:{step.name}:{do}:{step.key_epoch}"


def move(*, held: Held, change: Callable[[], bool | None]) -> bool:
    """One step of a saga's life: what it does here, its record and the saga's row, or nothing.

    Raises:
        LostLease: it was claimed or steered since it was read.
    """
    told, saga = _move(held=held, change=change)
    held.go_ahead(saga)
    held.renewed = time.monotonic()
    return bool(told)


@flow("integrity.move_saga")
def _move(*, held: Held, change: Callable[[], bool | None]) -> tuple[bool | None, Saga]:
    held.ahead, held.writes = None, Writes()
    told = change()
    saga = held.writes.store(held.saga)
    if saga is None:
        raise LostLease(str(held.saga.uid))
    return told, saga


def leased() -> dict[str, Any]:
    """As written by a worker that goes on with it."""
    return {"wake_at": FromNow(config().saga_lease), "wait": Wait.AT_WORK, "owner": this_worker()}


def waiting(wait: Saga.Wait, seconds: float) -> dict[str, Any]:
    """As written by a worker that lets go of it."""
    return {"wake_at": FromNow(seconds), "wait": wait, "owner": ""}


def this_worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def hold(saga: Saga) -> Held:
    """One that was just claimed, as it was then: whoever has steered it since has the fence.

    Raises:
        LookupError: this code doesn't know it.
    """
    steps = list(SagaStep.objects.filter(saga=saga).order_by("position"))
    return Held(saga, steps, sagas.get(f"{saga.kind}/{saga.version}"), now=saga.updated_at)


def look(saga: Saga) -> Held:
    """Read a saga that was claimed, as it is now.

    Raises:
        LostLease: it was claimed by somebody else, or steered.
        LookupError: this code doesn't know it.
    """
    same = {"pk": saga.pk, "fence": saga.fence, "state__in": Saga.ACTIVE}
    stopped = Exists(PausedKind.objects.filter(kind=OuterRef("kind")))
    found = Saga.objects.filter(**same).annotate(read_at=Now(), kind_is_paused=stopped)
    seen = found.first()
    if seen is None:
        raise LostLease(str(saga.uid))
    held = hold(seen)
    held.now, held.paused = seen.read_at, seen.kind_is_paused
    return held


def give_back(held: Held) -> None:
    """Let anybody go on with it at once."""
    move(held=held, change=lambda: held.write(**waiting(Wait.READY, 0)))


def renew(held: Held) -> None:
    move(held=held, change=lambda: held.write(**leased()))
