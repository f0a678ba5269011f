"""The timeline of a saga: each step with every attempt, put together from what was noted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrity.admin.saga_words import Seen
from integrity.models import Saga, SagaEvent, SagaStep

BEGUN = {"step_begun": "do", "undo_begun": "undo"}
ENDED = {
    "step_done": ("do", "done"),
    "step_skipped": ("do", "skipped"),
    "step_failed": ("do", "failed"),
    "step_undone": ("undo", "undone"),
    "step_undo_skipped": ("undo", "left as it was changed since"),
    "step_undo_failed": ("undo", "could not be undone"),
    "undo_not_done": ("undo", "not undone"),
}
OPEN = ("under way", "failed", "not undone")
UNDER_WAY, NO_ANSWER = "under way", "no answer was kept"
# A saga that never gives up may note so much that a page shows the last of it only.
LATEST = 1000


@dataclass(frozen=True)
class Attempt:
    """One try to do or to undo a step; blank where nothing was noted."""

    way: str
    at: datetime
    ended_at: datetime | None = None
    number: int | None = None
    key: str = ""
    outcome: str = UNDER_WAY
    error_class: str = ""
    error: str = ""
    found: str = ""
    seconds: float | None = None
    fence: int = 0


def latest_events(saga: Saga) -> list[SagaEvent]:
    return list(reversed(saga.events.order_by("-pk")[:LATEST]))


def timeline(seen: Seen) -> list[dict[str, Any]]:
    return [_line(seen, step) for step in seen.steps]


def _line(seen: Seen, step: SagaStep) -> dict[str, Any]:
    saga = seen.saga
    here = step.position == saga.position and not saga.finished_at
    tries = attempts([each for each in seen.events if each.step == step.name])
    if tries and tries[-1].outcome == UNDER_WAY and not (here and saga.wait == Saga.Wait.AT_WORK):
        tries[-1] = replace(tries[-1], outcome=NO_ANSWER)
    took = step.finished_at and step.started_at and step.finished_at - step.started_at
    return {
        "step": step,
        "number": step.position + 1,
        "title": seen.name(step),
        "here": here,
        "is_pivot": step.kind == "pivot",
        "attempts": tries,
        "seconds": took.total_seconds() if took else None,
        "gate": here and saga.wait == Saga.Wait.GATE and seen.gates.get(step.provider),
    }


def tries_of(seen: Seen, course: Sequence[dict[str, Any]]) -> int | None:
    """How often it was tried where it stands, as the course below shows them; None at the end."""
    stuck = {each.position for each in seen.stuck}
    here = [each for each in course if each["here"] or each["step"].position in stuck]
    return None if seen.saga.finished_at else sum(len(each["attempts"]) for each in here)


def attempts(events: Sequence[SagaEvent]) -> list[Attempt]:
    """What one step's events tell, in order."""
    found: list[Attempt] = []
    for event in events:
        if event.event in BEGUN:
            _close(found)
            found.append(_begun(event))
        elif event.event in ENDED:
            _end(found, event)
    return found


def _close(found: list[Attempt]) -> None:
    """Of the one before nobody has heard: its worker died, or had lost its lease."""
    if found and found[-1].outcome == UNDER_WAY:
        found[-1] = replace(found[-1], outcome=NO_ANSWER)


def _begun(event: SagaEvent) -> Attempt:
    detail = event.detail
    return Attempt(
        BEGUN[event.event],
        event.at,
        number=detail.get("attempt"),
        key=detail.get("key", ""),
        fence=event.fence,
    )


def _end(found: list[Attempt], event: SagaEvent) -> None:
    way, outcome = ENDED[event.event]
    last = found[-1] if found else None
    # A failure, and what was made of it, are of one worker; the next try is another claim's.
    same = last is not None and last.fence == event.fence and last.outcome in OPEN
    begun = last if last and same and last.way == way else None
    fresh = Attempt(way, event.at, fence=event.fence)
    ended = replace(begun or fresh, ended_at=event.at, outcome=outcome)
    told = {name: event.detail[name] for name in _TOLD if event.detail.get(name) is not None}
    if begun is None:
        told.setdefault("number", event.detail.get("attempt"))
        _close(found)
        found.append(replace(ended, **told))
        return
    if ended.seconds is None and "seconds" not in told:
        told["seconds"] = (event.at - begun.at).total_seconds()
    found[-1] = replace(ended, **told)


_TOLD = ("error_class", "error", "found", "seconds")


def log(events: Sequence[SagaEvent]) -> Iterator[dict[str, Any]]:
    """Each line as it was noted."""
    for each in events:
        yield {
            "at": each.at,
            "event": each.event.replace("_", " "),
            "step": each.step,
            "by": "" if each.actor_kind == "system" else f"{each.actor_kind} {each.actor_id}",
            "detail": each.detail,
        }
