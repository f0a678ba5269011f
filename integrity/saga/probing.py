"""Look at the systems of a saga now; nothing is changed there."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.models import Saga, SagaStep
from integrity.saga.control import NotFound, steer
from integrity.saga.definition import Probe, Remote, sagas
from integrity.saga.held import Held
from integrity.saga.outcomes import StepError
from integrity.sealed import UnreadableSeal


@dataclass(frozen=True)
class Observed:
    """What one remote step's probe said: done, not_done or cant_tell, and why it can't."""

    step: str
    provider: str
    status: str
    found: str
    why: str = ""


def probe(*, saga: UUID, by: Actor) -> list[Observed]:
    """Ask the probe of each remote step that was begun, and note that it was asked.

    Raises:
        NotFound
        NoReason
        Refused: there is no such step.
    """
    steer(verb="probe", saga=saga, by=by, version=None, change=lambda seen: {})
    return list(observe(read(saga)))


def read(uid: UUID) -> Held:
    """As it is now, with its steps. Raises NotFound."""
    seen = Saga.objects.annotate(read_at=Now()).filter(uid=uid).first()
    if seen is None:
        raise NotFound(f"There is no saga {uid}.")
    steps = list(SagaStep.objects.filter(saga=seen).order_by("position"))
    name = f"{seen.kind}/{seen.version}"
    if name not in sagas:
        raise NotFound(f"This code doesn't know {name}.")
    return Held(seen, steps, sagas.get(name), now=seen.read_at)


def observe(held: Held) -> Iterator[Observed]:
    """Ask the probe of each remote step that was begun."""
    for step in held.steps:
        declared = held.declaration(step)
        if step.kind == "remote" and step.status != SagaStep.Status.PENDING:
            found, why = _ask(held, step, declared)
            yield Observed(step.name, step.provider, step.status, found.value, why)


def _ask(held: Held, step: SagaStep, declared: object) -> tuple[Probe, str]:
    if not isinstance(declared, Remote) or declared.probe is None:
        return Probe.CANT_TELL, "it has no probe"
    try:
        return declared.probe(held.at(step)), ""
    except (StepError, UnreadableSeal) as error:
        return Probe.CANT_TELL, str(error)
    except Exception as error:  # noqa: BLE001 - one system that can't be asked hides no other
        name = type(error).__name__
        why = f"what it takes to ask was forgotten when the saga ended ({name})"
        return Probe.CANT_TELL, why if held.saga.finished_at else name
