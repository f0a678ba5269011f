"""What a step is given: which saga it is for, its key, and what earlier steps left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from integrity.audit import Actor
from integrity.saga.secrets import replace_secret, secret


@dataclass(frozen=True)
class At:
    """A step of one saga, at one attempt.

    Args:
        subject: whom the saga is about, a public id.
        options: what `start` was told; nothing personal.
        by: who asked for the saga.
        cancelled: somebody has cancelled it, so it is being taken back.
        step: the name of the step.
        key: the same over all attempts, another one for the undo: give it to providers that take
            an idempotency key.
        attempt: counted from 1.
        now: by the database's clock.
        prior: what `capture` returned, once; empty without one.
        results: what earlier steps returned, by their names.
    """

    saga: UUID
    kind: str
    subject: str
    by: Actor
    step: str
    key: str
    now: datetime
    attempt: int = 1
    cancelled: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    prior: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def secret(self, purpose: str) -> dict[str, Any]:
        """What was sealed for this purpose; empty if nothing was.

        Raises:
            UnreadableSeal: no key opens it. Let it pass: the saga then waits for a person.
        """
        return secret(self.saga, purpose)

    def replace_secret(self, purpose: str, content: Mapping[str, Any]) -> None:
        """Seal something else for this purpose; only in a local step, whose transaction it joins."""
        replace_secret(self.saga, purpose, content)
