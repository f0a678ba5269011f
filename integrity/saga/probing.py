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
    return list(_observe(_read(saga)))


def _read(uid: UUID) -> Held:
    seen = Saga.objects.annotate(read_at=Now()).get(uid=uid)
    steps = list(SagaStep.objects.filter(saga=seen).order_by("position"))
    name = f"{seen.kind}/{seen.version}"
    if name not in sagas:
        raise NotFound(f"This code doesn't know {name}.")
    return Held(seen, steps, sagas.get(name), now=seen.read_at)


def _observe(held: Held) -> Iterator[Observed]:
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
        return Probe.CANT_TELL, type(error).__name__
