"""What `manage.py saga` tells of a saga, its steps and its events."""

from typing import Any

from integrity.models import PausedKind, Saga, SagaEvent, SagaStep
from integrity.runbooks import page_of, rollback_of
from integrity.saga.lawful import TAKE_A_SECOND_PERSON, asked_for, lawful


def line_of(saga: Any) -> dict[str, Any]:
    return {
        "saga": saga.uid,
        "kind": saga.kind,
        "subject": saga.subject,
        "state": saga.state,
        "step": f"{min(saga.position + 1, saga.of)} of {saga.of}" if saga.position >= 0 else None,
        **when_of(saga),
        "attempts": saga.attempts,
        "why": saga.attention or saga.error_class or None,
    }


def when_of(saga: Saga) -> dict[str, Any]:
    """What stands still has no time at which it goes on."""
    moves = saga.state in Saga.ACTIVE
    paused = moves and PausedKind.objects.filter(kind=saga.kind).exists()
    return {
        "next": f"{saga.wake_at:%Y-%m-%d %H:%M:%S}Z" if moves else None,
        "wait": ("kind paused" if paused else saga.wait) if moves else None,
    }


def facts_of(saga: Saga) -> dict[str, Any]:
    step = saga.steps.filter(position=saga.position).first()
    return {
        "saga": saga.uid,
        "kind": saga.kind,
        "version": saga.version,
        "subject": saga.subject,
        "state": saga.state,
        "attention": saga.attention or None,
        "step": step.name if step else None,
        "past_the_pivot": saga.pivot_at is not None,
        "retry_of": saga.retry_of,
        **when_of(saga),
        "attempts": saga.attempts,
        "error": saga.error or None,
        "rollback": _page_about(saga.kind, step.name) if step else None,
        "asked_for_by": f"{saga.actor_kind} {saga.actor_id}",
        "to_confirm": asked_of(saga),
        "allowed_now": ", ".join(map(_typed, lawful(saga))) or None,
    }


def _typed(verb: str) -> str:
    """As `manage.py saga` wants to be told."""
    return "retry --new-key" if verb == "retry_with_new_key" else verb.replace("_", "-")


def _page_about(kind: str, step: str) -> str | None:
    """A page that nobody has written is not pointed at."""
    page = page_of(rollback_of(kind, step))
    return page.address or (page.name if page.text else None)


def asked_of(saga: Saga) -> str | None:
    """What another person has to confirm."""
    for verb in TAKE_A_SECOND_PERSON:
        if asked := asked_for(saga, verb):
            return f"{_typed(verb)}, asked by {asked.actor_kind} {asked.actor_id}"
    return None


def step_of(step: SagaStep, kind: str) -> dict[str, Any]:
    return {
        "step": step.name,
        "kind": step.kind,
        "provider": step.provider or None,
        "status": step.status,
        "calls": step.attempts,
        "key_epoch": step.key_epoch,
        "left_behind": step.left_behind,
        "rollback": _page_about(kind, step.name),
    }


def event_of(event: SagaEvent) -> dict[str, Any]:
    detail = " ".join(f"{name}={value}" for name, value in event.detail.items())
    return {
        "at": f"{event.at:%Y-%m-%d %H:%M:%S}Z",
        "event": event.event,
        "step": event.step or None,
        "by": f"{event.actor_kind} {event.actor_id}",
        "detail": detail or None,
    }
