"""What a person may do with a saga. Each verb needs a reason, is audited, and raises the fence, so
that a worker who is at it can't write any more.

A saga's `fence` is its version: pass the one that was looked at, and what has moved since is refused.
Each raises NotFound, NoReason or Refused.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.models import Saga, SagaStep
from integrity.saga.definition import newest
from integrity.saga.events import note
from integrity.saga.lawful import (
    Refused,
    asked_for,
    lawful,
    refusal,
    steps_to_judge,
    takes_second_person,
)
from integrity.saga.secrets import forget_secrets
from integrity.saga.start import find_active, ring_after_commit

State, Status = Saga.State, SagaStep.Status
UNPARKED = {"attention": "", "parked_from": ""}
Change = Callable[[Saga], dict[str, Any]]


class NotFound(LookupError):
    """There is no such saga."""


class NoReason(ValueError):
    """Say why: it is kept with the saga and in the audit log."""


@flow("integrity.steer_saga")
def steer(*, verb: str, saga: UUID, by: Actor, version: int | None, change: Change) -> Saga:
    """One verb of a person, in one transaction; the functions below call it.

    Raises:
        NotFound
        NoReason
        Refused: the verb isn't lawful as the saga stands now, or it has moved since.
    """
    must_say_why(by)
    seen = _locked(saga, version)
    refuse_unlawful(seen, verb)
    step = seen.steps.filter(position=seen.position).first()
    name = step.name if step else ""
    if takes_second_person(seen, verb) and not _is_the_second(seen, verb, by):
        verb, change = f"{verb}_asked", _as_it_was
    if changed := change(seen):
        row = Saga.objects.filter(pk=seen.pk)
        row.update(**changed, fence=F("fence") + 1, updated_at=Now())
        seen.refresh_from_db()
    note(seen, verb, step=name, by=by)
    detail = {"step": name, "state": seen.state}
    audit(f"integrity.saga_{verb}", by=by, subject=seen, detail=detail)
    ring_after_commit()
    return seen


def must_say_why(by: Actor) -> None:
    """Raises NoReason."""
    if not by.reason.strip():
        raise NoReason(NoReason.__doc__)


def refuse_unlawful(seen: Saga, verb: str) -> None:
    """Raises Refused."""
    if verb not in lawful(seen):
        raise Refused(refusal(seen, verb))


def _is_the_second(seen: Saga, verb: str, by: Actor) -> bool:
    """Raises Refused: it is the first one once more."""
    asked = asked_for(seen, verb)
    if asked and (asked.actor_kind, asked.actor_id) == (by.kind, by.id):
        raise Refused("You have asked for it. Somebody else has to confirm it.")
    return asked is not None


def _as_it_was(seen: Saga) -> dict[str, Any]:
    # Nothing moves but the fence: who looked before it was asked for would confirm it unawares.
    return {"wait": seen.wait}


def _locked(uid: UUID, version: int | None) -> Saga:
    # As the engine does it: the saga before its steps.
    seen = Saga.objects.select_for_update(no_key=True).filter(uid=uid).first()
    if seen is None:
        raise NotFound(f"There is no saga {uid}.")
    if version is not None and version != seen.fence:
        raise Refused("It has moved since you looked. Nothing was changed; look again.")
    return seen


def pause(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """Nothing more is done until it is resumed. A call that is under way may still land."""

    def change(seen: Saga) -> dict[str, Any]:
        return {"state": State.PAUSED, "parked_from": seen.state, "owner": ""}

    return steer(verb="pause", saga=saga, by=by, version=version, change=change)


def resume(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """Go on where it was paused."""

    def change(seen: Saga) -> dict[str, Any]:
        return {**_go_on(seen), **Saga.due_after_the_call()}

    return steer(verb="resume", saga=saga, by=by, version=version, change=change)


def run_now(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """Don't wait for the next try. A timer is kept."""

    def change(seen: Saga) -> dict[str, Any]:
        return Saga.due_after_the_call()

    return steer(verb="run_now", saga=saga, by=by, version=version, change=change)


def skip_timer(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """The time that it waits for is over now."""

    def change(seen: Saga) -> dict[str, Any]:
        _at(seen).update(due_at=Now())
        return Saga.due_after_the_call()

    return steer(verb="skip_timer", saga=saga, by=by, version=version, change=change)


def compensate(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """Take back what was done, from the step at which it is."""

    def change(seen: Saga) -> dict[str, Any]:
        turned = {"state": State.COMPENSATING, **UNPARKED, **Saga.FRESH}
        return {**turned, **Saga.due_after_the_call()}

    return steer(verb="compensate", saga=saga, by=by, version=version, change=change)


def retry(*, saga: UUID, by: Actor, version: int | None = None, new_key: bool = False) -> Saga:
    """Try again what it was parked for, with all tries it had at first.

    Args:
        new_key: with another idempotency key. Probe first: where the call has happened after all,
            a new key makes it happen twice.
    """

    def change(seen: Saga) -> dict[str, Any]:
        judged = steps_to_judge(seen)
        failed = seen.steps.filter(status=Status.UNDO_FAILED)
        last = failed.order_by("-position").first()
        if new_key:
            _these(seen, judged).update(key_epoch=F("key_epoch") + 1)
        failed.update(status=Status.UNDOING)
        place = {"position": last.position} if last else {}
        return {**_go_on(seen), **Saga.FRESH, **place, "verify_rounds": 0, "wake_at": Now()}

    verb = "retry_with_new_key" if new_key else "retry"
    return steer(verb=verb, saga=saga, by=by, version=version, change=change)


def mark_done(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """The step at which it is parked is done, as somebody has seen for themselves; go on after it.

    At a provider it takes two: the first one asks for it, and somebody else confirms it.
    """

    def change(seen: Saga) -> dict[str, Any]:
        _at(seen).update(status=Status.DONE, in_doubt=False, finished_at=Now())
        return {**_go_on(seen), **Saga.FRESH, "verify_rounds": 0, "wake_at": Now()}

    return steer(verb="mark_done", saga=saga, by=by, version=version, change=change)


def skip_undo(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """What couldn't be taken back stays as it is; go on with the rest. At a provider it takes two."""

    def change(seen: Saga) -> dict[str, Any]:
        _these(seen, steps_to_judge(seen)).update(status=Status.UNDO_SKIPPED)
        return {**_go_on(seen), **Saga.FRESH, "wake_at": Now()}

    return steer(verb="skip_undo", saga=saga, by=by, version=version, change=change)


def resolve(
    *, saga: UUID, by: Actor, left_behind: Collection[str] = (), version: int | None = None
) -> Saga:
    """End it as it is; a person has done, or will do, the rest.

    Args:
        left_behind: the steps whose effect stays and shouldn't; each becomes a finding.
    """

    def change(seen: Saga) -> dict[str, Any]:
        left = seen.steps.filter(name__in=left_behind)
        if left.update(left_behind=True) < len(set(left_behind)):
            raise Refused(f"Its steps are: {', '.join(seen.steps.values_list('name', flat=True))}.")
        forget_secrets(seen)
        return {"state": State.RESOLVED, **UNPARKED, "finished_at": Now(), "owner": ""}

    return steer(verb="resolve", saga=saga, by=by, version=version, change=change)


def tidied(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """What it had left behind is gone: somebody has seen to it."""

    def change(seen: Saga) -> dict[str, Any]:
        seen.steps.filter(left_behind=True).update(left_behind=False)
        return {}

    return steer(verb="tidied", saga=saga, by=by, version=version, change=change)


def again(*, saga: UUID, by: Actor, version: int | None = None) -> Saga:
    """Begin it once more, as another saga, which is returned."""
    begun: list[Saga] = []

    def change(seen: Saga) -> dict[str, Any]:
        declared = newest(seen.kind)
        assert declared.again is not None
        if find_active(seen.kind, seen.subject):
            raise Refused("One is under way for it already.")
        begun.append(declared.again(seen, by))
        return {}

    steer(verb="again", saga=saga, by=by, version=version, change=change)
    return begun[-1]


def _go_on(seen: Saga) -> dict[str, Any]:
    return {"state": seen.parked_from, **UNPARKED, "wait": Saga.Wait.READY}


def _at(seen: Saga) -> "QuerySet[SagaStep]":
    return seen.steps.filter(position=seen.position)


def _these(seen: Saga, steps: list[SagaStep]) -> "QuerySet[SagaStep]":
    return seen.steps.filter(position__in=[each.position for each in steps])
