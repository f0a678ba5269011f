"""The whole course of a saga as JSON, for whoever has to show what was done: nothing in it is
personal. Left out are whom it is about, that person's own words, and what is sealed."""

from datetime import datetime
from typing import Any

from integrity.audit import subject_of
from integrity.models import AuditEntry, Saga, SagaEvent, SagaStep

SCHEMA_VERSION = 1
# Whoever asks about their own things is named nowhere.
THEMSELVES = "user"


def history(saga: Saga) -> dict[str, Any]:
    """Everything that JSON can hold; times are ISO 8601 in UTC."""
    entries = AuditEntry.objects.filter(subject=subject_of(saga)).order_by("pk")
    return {
        "schema_version": SCHEMA_VERSION,
        "saga": str(saga.uid),
        "kind": saga.kind,
        "version": saga.version,
        "state": saga.state,
        "attention": saga.attention or None,
        "retry_of": str(saga.retry_of) if saga.retry_of else None,
        "asked_for_by": _who(saga.actor_kind, saga.actor_id),
        **_times(saga, "created_at", "started_at", "pivot_at", "cancelled_at", "finished_at"),
        "steps": [_step(each) for each in saga.steps.order_by("position")],
        "events": [_event(each) for each in saga.events.order_by("pk")],
        "audit": [_entry(each) for each in entries],
    }


def _step(step: SagaStep) -> dict[str, Any]:
    plain = ("position", "name", "kind", "provider", "status", "attempts", "key_epoch")
    return {
        **{name: getattr(step, name) for name in plain},
        "left_behind": step.left_behind,
        "told": step.result,
        **_times(step, "started_at", "finished_at"),
    }


def _event(event: SagaEvent) -> dict[str, Any]:
    detail = dict(event.detail)
    if event.actor_kind == THEMSELVES:
        detail.pop("reason", None)
    return {
        "at": _iso(event.at),
        "event": event.event,
        "step": event.step or None,
        "fence": event.fence,
        "by": _who(event.actor_kind, event.actor_id),
        "detail": detail,
    }


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": _iso(entry.at),
        "verb": entry.verb,
        "by": _who(entry.actor_kind, entry.actor_id),
        "via": entry.via,
        "reason": entry.reason,
        "detail": entry.detail,
    }


def _who(kind: str, id: str) -> dict[str, str]:
    return {"kind": kind} if kind == THEMSELVES else {"kind": kind, "id": id}


def _times(row: Any, *names: str) -> dict[str, str | None]:
    return {name: _iso(getattr(row, name)) for name in names}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
