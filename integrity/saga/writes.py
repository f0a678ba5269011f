"""What one move writes, sent as one statement: the saga's row, its steps and its timeline.

    WITH moved AS (UPDATE integrity_saga ... WHERE fence = ... RETURNING ...),
         step_3 AS (UPDATE integrity_sagastep ... FROM moved ...),
         ahead AS (UPDATE integrity_sagastep ... FROM moved ... RETURNING ...),
         open AS (DELETE FROM integrity_providergate ... USING moved ...),
         told AS (INSERT INTO integrity_sagaevent ... FROM moved ...)
    SELECT * FROM moved

All of it hangs on `moved`, so where the fence has risen nothing is written. The saga's row is
locked before its steps.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models.enums import Choices
from psycopg.types.json import Jsonb

from integrity.models import Saga, SagaEvent, SagaStep


@dataclass(frozen=True)
class FromNow:
    """A time by the database's clock, so many seconds after this statement."""

    seconds: float = 0


NOW = FromNow()


@dataclass
class Begun:
    """A step that is begun with the end of the one before it; not where its kind is paused.

    Args:
        gate: of the provider that refuses it while it is shut; blank where that has just answered.
    """

    step: SagaStep
    gate: str
    values: dict[str, Any]
    event: SagaEvent


@dataclass
class Writes:
    """
    Args:
        steps: what is written to each, by its position.
        answered: the provider that has dealt with a call, so that its gate is open.
    """

    saga: dict[str, Any] = field(default_factory=dict)
    steps: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[SagaEvent] = field(default_factory=list)
    answered: str = ""
    ahead: Begun | None = None
    now: datetime | None = None

    def step(self, step: SagaStep) -> SagaStep:
        """As it is afterwards."""
        if step.position not in self.steps:
            return step
        written = copy(step)
        for name, value in self.steps[step.position].items():
            setattr(written, name, self.now if isinstance(value, FromNow) else value)
        return written

    def store(self, saga: Saga) -> Saga | None:
        """None where it was claimed or steered since it was read as it is here.

        The row has two attributes more: `kind_is_paused`, and `begun` if the step ahead is.
        """
        parts = list(self._parts(saga))
        told = ",".join(sql for sql, _ in parts)
        begun = _IS_BEGUN if self.ahead else "false"
        params = [value for _, values in parts for value in values]
        sql = f"WITH {told} SELECT moved.*, {begun} AS begun FROM moved"  # noqa: S608 - of constants
        moved = next(iter(Saga.objects.raw(sql, params)), None)
        self.now = moved.updated_at if moved else None
        if self.ahead and getattr(moved, "begun", False):
            # What its call has yet to decide is as it was.
            tried = {name: self.ahead.values[name] for name in ("attempts", "started_at")}
            self.steps[self.ahead.step.position] = tried
        return moved

    def _parts(self, saga: Saga) -> Iterator[tuple[str, list[Any]]]:
        names, params = _assigned({"updated_at": NOW, **self.saga})
        same = [saga.pk, saga.fence, saga.state, saga.position]
        yield _MOVED.format(names), [*params, *same]
        for position, values in self.steps.items():
            names, params = _assigned(values)
            yield f"step_{position} AS ({_STEP.format(names)})", [*params, position]
        if self.ahead is not None:
            names, params = _assigned(self.ahead.values)
            begun = [*params, self.ahead.step.position, self.ahead.gate]
            yield f"ahead AS ({_STEP.format(names)} {_IF_IT_MAY})", begun
        if self.answered:
            yield _OPEN, [self.answered]
        if self.events or self.ahead:
            yield _TOLD.format(_UNLESS_HELD_UP if self.ahead else ""), [self._told()]

    def _told(self) -> Jsonb:
        told = [(each, False) for each in self.events]
        if self.ahead is not None:
            told.append((self.ahead.event, True))
        return Jsonb([_line(each) | {"ahead": ahead} for each, ahead in told])


def _assigned(values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The names are of fields, and the same as their columns'."""
    sql = [
        f"{name} = {_FROM_NOW if isinstance(value, FromNow) else '%s'}"
        for name, value in values.items()
    ]
    return ", ".join(sql), [_param(each) for each in values.values()]


def _param(value: Any) -> Any:
    match value:
        case FromNow():
            return value.seconds
        case Choices():
            return value.value
        case dict():
            return Jsonb(value)
    return value


def _line(event: SagaEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _OF_AN_EVENT}


_FROM_NOW = "statement_timestamp() + make_interval(secs => %s)"
_OF_AN_EVENT = ("fence", "event", "step", "actor_kind", "actor_id", "detail")
_MOVED = """
moved AS (
    UPDATE integrity_saga AS saga SET {}
    WHERE id = %s AND fence = %s AND state = %s AND position = %s
    RETURNING saga.*, EXISTS (
        SELECT FROM integrity_pausedkind AS paused WHERE paused.kind = saga.kind
    ) AS kind_is_paused
)"""
_STEP = """
    UPDATE integrity_sagastep AS step SET {} FROM moved
    WHERE step.saga_id = moved.id AND step.position = %s"""
_IF_IT_MAY = """
    AND NOT moved.kind_is_paused AND NOT EXISTS (
        SELECT FROM integrity_providergate WHERE provider = %s AND shut_until IS NOT NULL
    ) RETURNING 1"""
_OPEN = "open AS (DELETE FROM integrity_providergate USING moved WHERE provider = %s)"
_TOLD = """
told AS (
    INSERT INTO integrity_sagaevent
        (saga_id, at, fence, event, step, actor_kind, actor_id, detail)
    SELECT moved.id, statement_timestamp(), line.fence, line.event, line.step, line.actor_kind,
        line.actor_id, line.detail
    FROM moved, ROWS FROM (jsonb_to_recordset(%s) AS (fence bigint, event text, step text,
        actor_kind text, actor_id text, detail jsonb, ahead boolean)) WITH ORDINALITY AS line
    {} ORDER BY line.ordinality
)"""
_IS_BEGUN = "EXISTS (SELECT FROM ahead)"
_UNLESS_HELD_UP = f"WHERE NOT line.ahead OR {_IS_BEGUN}"
