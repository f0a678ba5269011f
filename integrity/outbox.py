"""Promise an effect in a transaction. The relay delivers it afterwards, at least once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import JSONField
from django.utils import timezone
from django.utils.module_loading import import_string

from integrity.conf import config
from integrity.registry import Registry
from integrity.sealed import seal
from integrity.transactions import transaction_required, wake_after_commit


@dataclass(frozen=True)
class Message:
    """What a handler gets.

    `idempotency_key` stays the same over all attempts: give it to providers that take one.
    `attempts` counts those before that may have happened; a pause that was asked for is none.
    """

    effect: str
    key: str
    payload: dict[str, Any]
    sealed: dict[str, Any]
    attempts: int
    idempotency_key: str
    promised_at: datetime = field(default_factory=timezone.now)


Handler = Callable[[Message], None]


@dataclass(frozen=True)
class Effect:
    name: str
    deliver: Handler


class RetryLater(Exception):
    """Not delivered; it is to be tried again in `after` seconds, and this was no attempt.

    Args:
        reason: stored, logged and shown: say what was refused, never to whom.
    """

    def __init__(self, after: float, reason: str = "asked to come back") -> None:
        super().__init__(f"{reason}; again in {after:.0f} s")
        self.after = after


class TryAgain(Exception):
    """Not delivered, or nobody can tell; an attempt as after any other exception.

    Its text is stored, logged and shown: say what happened, never to whom.
    """


class Permanent(Exception):
    """Not delivered, and another try would end the same. The message is parked as dead.

    Its text is stored, logged and shown: say what was refused, never to whom.
    """


effects: Registry[Effect] = Registry("effect")


def effect(name: str) -> Callable[[Handler], Handler]:
    """Declare who delivers an effect, in `<app>/effects.py`.

    The handler runs outside any transaction, may run twice for one message, and returns when the
    effect has happened, within half the lease (a minute). It raises `RetryLater`, `Permanent`, or
    `TryAgain` with a reason; any other exception means: again, for a reason that isn't shown.
    """

    def register(handler: Handler) -> Handler:
        effects.add(Effect(name, handler))
        return handler

    return register


@transaction_required
def enqueue(
    name: str,
    *,
    key: str,
    payload: Mapping[str, Any] | None = None,
    sealed: Mapping[str, Any] | None = None,
    ordering_key: str = "",
) -> None:
    """Promise an effect in the open transaction.

    Args:
        name: a declared effect.
        key: until the relay has begun to deliver a message of this effect and key, a second
            one adds nothing. Once-only is the domain row's job.
        payload: ids only, at most 8 kB as JSON.
        sealed: what is personal, such as a mail's address and body; encrypted, gone with the row.
        ordering_key: messages of one ordering key are delivered in the order of their promise.

    Raises:
        UnknownName: no app declares the effect.
        TransactionRequired: there is no transaction to promise it in.
        ValueError: the key is blank, so all messages of this effect would be one.
    """
    if not key:
        raise ValueError(f"A message of {name!r} needs a key.")
    values = [
        effects.get(name).name,
        key,
        ordering_key,
        JSONField(encoder=DjangoJSONEncoder).get_db_prep_value(dict(payload or {}), connection),
        seal(sealed) if sealed is not None else None,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_PROMISE, values)
    _ring_after_commit()


# Touching the row that is already there locks it, so that the relay can't read the state of
# before this transaction and delete the message that should have told of it.
_PROMISE = """
INSERT INTO integrity_outboxmessage (effect, key, ordering_key, payload, sealed)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (effect, key) WHERE NOT begun DO UPDATE SET effect = excluded.effect
"""


def _ring_after_commit() -> None:
    if name := config().doorbell:
        wake_after_commit(import_string(name))
