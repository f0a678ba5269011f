"""The relay: claim what is due, deliver it outside any transaction, forget or try again."""

import logging
import random
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from integrity.conf import config
from integrity.log import log_event
from integrity.models import OutboxMessage
from integrity.outbox import Message, Permanent, RetryLater, effects
from integrity.sealed import UnreadableSeal, unseal

logger = logging.getLogger(__name__)
FIRST_WAIT = 2.0
LONGEST_WAIT = 3600.0


@dataclass(frozen=True)
class Delivered:
    """What became of the messages of one call."""

    count: int = 0
    retried: int = 0
    dead: int = 0

    @property
    def handled(self) -> int:
        return self.count + self.retried + self.dead

    def plus(self, other: "Delivered") -> "Delivered":
        return Delivered(
            self.count + other.count, self.retried + other.retried, self.dead + other.dead
        )


@dataclass
class _Batch:
    token: uuid.UUID
    messages: list[OutboxMessage]
    delivered: list[int] = field(default_factory=list)
    given_back: list[int] = field(default_factory=list)
    retried: int = 0
    dead: int = 0


def deliver_due(*, batch: int = 100, limit: int | None = None) -> Delivered:
    """Deliver what is due now, in batches, until nothing is or `limit` messages were handled."""
    if connection.in_atomic_block:
        raise RuntimeError("The relay delivers outside any transaction.")
    total = Delivered()
    # A message whose holder died is taken over alone, so that a deadly one harms no other.
    for sql, size in ((_CLAIM_ABANDONED, 1), (_CLAIM_PENDING, batch)):
        while limit is None or total.handled < limit:
            claimed = _claim(sql, size if limit is None else min(size, limit - total.handled))
            if claimed is None:
                break
            total = total.plus(_deliver(claimed))
    return total


def _claim(sql: str, size: int) -> _Batch | None:
    token = uuid.uuid4()
    parameters = {
        "known": effects.names(),
        "size": size,
        "token": token,
        "lease": timedelta(seconds=config().outbox_lease),
    }
    messages = list(OutboxMessage.objects.raw(sql, parameters))
    return _Batch(token, sorted(messages, key=lambda message: message.pk)) if messages else None


# A message waits for every earlier one of its ordering key; a dead one holds its own key only.
_CLAIM = """
WITH due AS (
    SELECT id FROM integrity_outboxmessage AS message
    WHERE state = '{state}' AND available_at <= now() AND effect = ANY(%(known)s)
      AND (ordering_key = '' OR NOT EXISTS (
          SELECT 1 FROM integrity_outboxmessage AS earlier
          WHERE earlier.ordering_key = message.ordering_key AND earlier.id < message.id))
    ORDER BY available_at, id LIMIT %(size)s
    FOR UPDATE SKIP LOCKED
)
UPDATE integrity_outboxmessage AS message
SET state = 'leased', begun = true, lease_token = %(token)s, available_at = now() + %(lease)s,
    attempts = attempts + {blame}
FROM due WHERE message.id = due.id
RETURNING message.*
"""
_CLAIM_PENDING = _CLAIM.format(state="pending", blame=0)
_CLAIM_ABANDONED = _CLAIM.format(state="leased", blame=1)


def _deliver(batch: _Batch) -> Delivered:
    """Hand each message to its effect. What the lease leaves no time for is given back."""
    give_back_at = time.monotonic() + config().outbox_lease / 2
    for position, message in enumerate(batch.messages):
        if time.monotonic() > give_back_at:
            batch.given_back = [later.pk for later in batch.messages[position:]]
            break
        _deliver_one(batch, message)
    _forget(batch)
    return Delivered(len(batch.delivered), batch.retried, batch.dead)


def _deliver_one(batch: _Batch, message: OutboxMessage) -> None:
    if message.attempts >= config().outbox_attempts:
        _bury(batch, message, "every holder died while delivering it")
        return
    try:
        effects.get(message.effect).deliver(_opened(message))
    except (Permanent, UnreadableSeal) as error:
        _bury(batch, message, describe(error))
    except RetryLater as error:
        _postpone(batch, message, describe(error), error.after, blame=0)
    except Exception as error:  # noqa: BLE001 - the rim: any handler's failure is recorded here
        _postpone(batch, message, describe(error), back_off(message.attempts), blame=1)
    else:
        batch.delivered.append(message.pk)


def _opened(message: OutboxMessage) -> Message:
    return Message(
        effect=message.effect,
        key=message.key,
        payload=message.payload,
        sealed=unseal(bytes(message.sealed)) if message.sealed is not None else {},
        attempts=message.attempts,
        idempotency_key=str(message.uid),
    )


def back_off(attempts: int) -> float:
    """Seconds to wait: full jitter up to 2 s doubled per attempt, at most an hour.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempts))


def describe(error: Exception) -> str:
    """The kind of an error. Its text may carry an address, so it stays out of table and log."""
    reason = str(error) if isinstance(error, Permanent | RetryLater | UnreadableSeal) else ""
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _postpone(
    batch: _Batch, message: OutboxMessage, error: str, after: float, *, blame: int
) -> None:
    attempts = message.attempts + blame
    if attempts >= config().outbox_attempts:
        _bury(batch, message, error)
        return
    batch.retried += 1
    log_event(
        logger,
        logging.WARNING,
        "outbox.delivery_failed",
        message=message.uid,
        effect=message.effect,
        attempts=attempts,
        error=error,
    )
    _execute(_POSTPONE, batch, message, attempts=attempts, error=error, after=after)


def _bury(batch: _Batch, message: OutboxMessage, error: str) -> None:
    batch.dead += 1
    log_event(
        logger,
        logging.CRITICAL,
        "outbox.effect_dead",
        message=message.uid,
        effect=message.effect,
        error=error,
        do=f"manage.py outbox retry {message.uid}",
    )
    _execute(_BURY, batch, message, error=error)


def _execute(sql: str, batch: _Batch, message: OutboxMessage, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"id": message.pk, "token": batch.token} | values)


_POSTPONE = """
UPDATE integrity_outboxmessage
SET state = 'pending', lease_token = NULL, attempts = %(attempts)s, last_error = %(error)s,
    available_at = now() + make_interval(secs => %(after)s)
WHERE id = %(id)s AND lease_token = %(token)s
"""
_BURY = """
UPDATE integrity_outboxmessage
SET state = 'dead', dead_at = now(), lease_token = NULL, last_error = %(error)s
WHERE id = %(id)s AND lease_token = %(token)s
"""


def _forget(batch: _Batch) -> None:
    """Delete and count what was delivered, and give back what was not begun, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FORGET,
            {"delivered": batch.delivered, "back": batch.given_back, "token": batch.token},
        )


_FORGET = """
WITH gone AS (
    DELETE FROM integrity_outboxmessage
    WHERE id = ANY(%(delivered)s) AND lease_token = %(token)s RETURNING effect
), given_back AS (
    UPDATE integrity_outboxmessage
    SET state = 'pending', lease_token = NULL, available_at = now()
    WHERE id = ANY(%(back)s) AND lease_token = %(token)s
)
INSERT INTO integrity_effectcount AS known (effect, day, delivered)
SELECT effect, (now() AT TIME ZONE 'UTC')::date, count(*) FROM gone GROUP BY effect ORDER BY effect
ON CONFLICT (effect, day) DO UPDATE SET delivered = known.delivered + excluded.delivered
"""
