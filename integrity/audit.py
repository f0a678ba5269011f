"""Who acts, and the row that says so."""

import getpass
import os
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import models

from integrity.log import without_addresses
from integrity.models import AuditEntry
from integrity.transactions import transaction_required

# The host project's middleware sets it, so that a log line, an error page and a row share one id.
request_id: ContextVar[str] = ContextVar("request_id", default="")

KINDS = frozenset({"user", "operator", "command", "task", "system"})
VIA = frozenset({"web", "admin", "cli", "task"})
_AUDITED = frozenset({"operator", "command", "task"})


@dataclass(frozen=True)
class Actor:
    """Who calls a flow.

    Args:
        kind: user (acts on their own things), operator, command, task or system.
        id: the public id of a person, or the name of the command's user or of the task.
        reason: why; operators and commands give one. An e-mail address in it is struck out.
        via: web, admin, cli or task.

    Raises:
        ValueError: kind or via is none of these; a misspelt operator would go unaudited.
    """

    kind: str
    id: str
    reason: str = ""
    via: str = "web"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.via not in VIA:
            raise ValueError(f"There is no actor of kind {self.kind!r} via {self.via!r}.")
        # A reason is kept for good, longer than whoever it may name.
        object.__setattr__(self, "reason", without_addresses(self.reason))


SYSTEM = Actor("system", "system", via="task")


def command_actor(reason: str = "") -> Actor:
    """Whoever runs the management command, by their name on the machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # In a container the process may have a number only.
        name = f"uid {os.getuid()}"
    return Actor("command", name, reason, via="cli")


def task_actor(name: str) -> Actor:
    return Actor("task", name, via="task")


@transaction_required
def audit(
    verb: str, *, by: Actor, subject: models.Model, detail: Mapping[str, object] | None = None
) -> None:
    """Record what `by` did, in the transaction that does it. People's own actions aren't audited.

    Args:
        verb: stable and dotted, such as `accounts.verification_resent`.
        detail: ids and counts only, never an address or a name.
    """
    if by.kind not in _AUDITED:
        return
    AuditEntry.objects.create(
        actor_kind=by.kind,
        actor_id=by.id,
        via=by.via,
        verb=verb,
        subject=subject_of(subject),
        reason=by.reason,
        detail=dict(detail or {}),
        request_id=request_id.get(),
    )


def subject_of(instance: models.Model) -> str:
    """How the log names an object: its model and its public id."""
    return f"{instance._meta.label_lower}:{getattr(instance, 'uid', instance.pk)}"
