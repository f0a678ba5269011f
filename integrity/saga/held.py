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
from integrity.models import PausedKind, Saga, SagaEvent, SagaStep
from integrity.saga.context import At
from integrity.saga.definition import Definition, Remote, Step, sagas
from integrity.saga.events import line
from integrity.saga.rows import changed
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
    """A saga as it was read, with its steps, by whoever claimed it last.

    Args:
        until: the worker begins no further step after this time, of `time.monotonic`.
        begun: the step at which it is was begun when the one before it was recorded, and is
            otherwise as it was before that.
        ahead: as the last move has left it, where that went on to another step.
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
    # Of the open transaction.
    _saga: Saga | None = None
    _steps: dict[int, SagaStep] = field(default_factory=dict)
    _events: list[SagaEvent] = field(default_factory=list)

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
        """Write the saga's row, last in its transaction.

        Raises:
            LostLease: it was claimed or steered since it was read; roll all of it back.
        """
        same = {name: getattr(self.saga, name) for name in ("pk", "fence", "state", "position")}
        values = {"updated_at": Now(), **values}
        self._saga = changed(Saga.objects.filter(**same), values, read={"kind_is_paused": _PAUSED})
        if self._saga is None:
            raise LostLease(str(self.saga.uid))

    @transaction_required
    def write_step(self, step: SagaStep, **values: Any) -> None:
        written = changed(SagaStep.objects.filter(pk=step.pk), values)
        if written is not None:
            self._steps[step.position] = written

    @transaction_required
    def note(self, event: str, step: SagaStep | None = None, **detail: Any) -> None:
        """For the timeline; stored at the end of the move."""
        self._events.append(line(self.saga, event, step=step.name if step else "", **detail))

    @transaction_required
    def go_ahead(self) -> None:
        """What was just written is what a look would find, so nobody has to take one."""
        assert self._saga is not None
        steps = [self._steps.get(each.position, each) for each in self.steps]
        now, paused = self._saga.updated_at, self._saga.kind_is_paused  # type: ignore[attr-defined]
        self.ahead = Held(self._saga, steps, self.declared, now, paused, until=self.until)

    def forget_the_last_move(self) -> None:
        self.ahead, self._saga, self._steps, self._events = None, None, {}, []

    @transaction_required
    def store_events(self) -> None:
        SagaEvent.objects.bulk_create(self._events)

    def must_be_fresh(self) -> None:
        if time.monotonic() - self.renewed > config().saga_lease * FRESH_SHARE:
            raise TooLate(str(self.saga.uid))


_PAUSED = (
    "EXISTS (SELECT FROM integrity_pausedkind AS other WHERE other.kind = integrity_saga.kind)"
)


def key_of(saga: Saga, step: SagaStep) -> str:
    """The same over all attempts of a step, another one for its undo."""
    do = "undo" if saga.goes_back else "do"
    return f"saga:{saga.uid}:{step.name}:{do}:{step.key_epoch}"


@flow("integrity.move_saga")
def move(*, held: Held, change: Callable[[], bool | None]) -> bool:
    """One step of a saga's life: what it does here, its record and the saga's row, or nothing.

    Raises:
        LostLease
    """
    held.forget_the_last_move()
    told = change()
    held.store_events()
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
    stopped = Exists(PausedKind.objects.filter(kind=OuterRef("kind")))
    found = Saga.objects.filter(**same).annotate(read_at=Now(), kind_is_paused=stopped)
    seen = found.first()
    if seen is None:
        raise LostLease(str(saga.uid))
    steps = list(SagaStep.objects.filter(saga=seen).order_by("position"))
    declared = sagas.get(f"{seen.kind}/{seen.version}")
    return Held(seen, steps, declared, now=seen.read_at, paused=seen.kind_is_paused)


def give_back(held: Held) -> None:
    """Let anybody go on with it at once."""
    move(held=held, change=lambda: held.write(**waiting(Wait.READY, 0)))


def renew(held: Held) -> None:
    move(held=held, change=lambda: held.write(**leased()))
