"""The relay: claim what is due, deliver it outside any transaction, forget or try again."""

import logging
import math
import random
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from integrity.conf import config
from integrity.log import log_event, without_addresses
from integrity.models import OutboxMessage
from integrity.outbox import Message, Permanent, RetryLater, TryAgain, effects
from integrity.sealed import UnreadableSeal, unseal

logger = logging.getLogger(__name__)
FIRST_WAIT = 2.0
LONGEST_WAIT = 3600.0
# What a provider may ask for: not at once, and not longer than somebody would notice.
SHORTEST_DELAY, LONGEST_DELAY = 1.0, 86_400.0
# What was delivered is forgotten this often, so that a kill repeats a second's worth at most.
SETTLE_EVERY = 1.0
OURS = (Permanent, RetryLater, TryAgain, UnreadableSeal)


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
    waiting: deque[OutboxMessage]
    unsettled: list[int] = field(default_factory=list)
    delivered: int = 0
    postponed: list[int] = field(default_factory=list)
    dead: int = 0


def deliver_due(
    *,
    batch: int = 100,
    limit: int | None = None,
    seconds: float = math.inf,
    keys: Sequence[str] | None = None,
) -> Delivered:
    """Deliver what is due, in batches, each message at most once a call.

    Args:
        keys: of the messages that are meant; None for all.
        limit: claim no more after this many messages.
        seconds: claim no more after this time.
    """
    if connection.in_atomic_block:
        raise RuntimeError("The relay delivers outside any transaction.")
    stop_at = time.monotonic() + seconds
    total, tried = Delivered(), list[int]()
    # A message whose holder died is taken over alone, so that a deadly one harms no other.
    for sql, size in ((_CLAIM_ABANDONED, 1), (_CLAIM_PENDING, batch)):
        while (limit is None or total.handled < limit) and time.monotonic() < stop_at:
            left = size if limit is None else min(size, limit - total.handled)
            claimed = _claim(sql, left, tried, keys)
            if claimed is None:
                break
            _deliver(claimed)
            tried += claimed.postponed
            total = total.plus(Delivered(claimed.delivered, len(claimed.postponed), claimed.dead))
    return total


def _claim(sql: str, size: int, tried: Sequence[int], keys: Sequence[str] | None) -> _Batch | None:
    token = uuid.uuid4()
    parameters = {
        "known": effects.names(),
        "keys": None if keys is None else list(keys),
        "tried": tried,
        "size": size,
        "token": token,
        "lease": timedelta(seconds=config().outbox_lease),
    }
    messages = list(OutboxMessage.objects.raw(sql, parameters))
    messages.sort(key=lambda message: message.pk)
    return _Batch(token, deque(messages)) if messages else None


# A message waits for every earlier one of its ordering key; a dead one holds its own key only.
# The last condition adds nothing but the proof that the partial index will do.
_CLAIM = """
WITH due AS (
    SELECT id FROM integrity_outboxmessage AS message
    WHERE state = '{state}' AND available_at <= now() AND effect = ANY(%(known)s)
      AND id <> ALL(%(tried)s) AND (%(keys)s::text[] IS NULL OR key = ANY(%(keys)s))
      AND (ordering_key = '' OR NOT EXISTS (
          SELECT 1 FROM integrity_outboxmessage AS earlier
          WHERE earlier.ordering_key = message.ordering_key AND earlier.id < message.id
            AND earlier.ordering_key <> ''))
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


def _deliver(batch: _Batch) -> None:
    """Hand each message to its effect. What the lease leaves no time for is given back."""
    begun = settled = time.monotonic()
    try:
        while batch.waiting:
            _deliver_one(batch, batch.waiting.popleft())
            now = time.monotonic()
            if now - begun > config().outbox_lease / 2:
                break
            if now - settled > SETTLE_EVERY:
                _forget(batch)
                settled = now
    finally:
        _forget(batch)
        _give_back(batch)


def _deliver_one(batch: _Batch, message: OutboxMessage) -> None:
    if message.attempts >= config().outbox_attempts:
        _bury(batch, message, "the process died in the last attempt", message.attempts)
        return
    try:
        effects.get(message.effect).deliver(_opened(message))
    except Permanent as error:
        _bury(batch, message, describe(error), message.attempts + 1)
    except RetryLater as error:
        after = min(max(SHORTEST_DELAY, error.after), LONGEST_DELAY)
        _postpone(batch, message, describe(error), after, blame=0)
    except Exception as error:  # noqa: BLE001 - the rim: any handler's failure is recorded here
        _postpone(batch, message, describe(error), back_off(message.attempts), blame=1)
    else:
        batch.unsettled.append(message.pk)
        batch.delivered += 1


def _opened(message: OutboxMessage) -> Message:
    return Message(
        effect=message.effect,
        key=message.key,
        payload=message.payload,
        sealed=unseal(bytes(message.sealed)) if message.sealed is not None else {},
        attempts=message.attempts,
        idempotency_key=str(message.uid),
        promised_at=message.created_at,
    )


def back_off(attempts: int) -> float:
    """Seconds to wait: full jitter up to 2 s doubled per attempt, at most an hour.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 32)))


def describe(error: Exception) -> str:
    """The kind of an error, and the text of our own kinds. An address stays out of table and log,
    so the text of any other error does."""
    reason = str(error) if isinstance(error, OURS) else ""
    reason = without_addresses(reason)[:500]
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _postpone(
    batch: _Batch, message: OutboxMessage, error: str, after: float, *, blame: int
) -> None:
    attempts = message.attempts + blame
    if attempts >= config().outbox_attempts:
        _bury(batch, message, error, attempts)
    elif _held(_POSTPONE, batch, message, attempts=attempts, error=error, after=after):
        batch.postponed.append(message.pk)
        log_event(
            logger,
            logging.WARNING,
            "outbox.delivery_failed",
            outbox=message.uid,
            effect=message.effect,
            attempts=attempts,
            error=error,
        )


def _bury(batch: _Batch, message: OutboxMessage, error: str, attempts: int) -> None:
    if _held(_BURY, batch, message, attempts=attempts, error=error):
        batch.dead += 1
        log_event(
            logger,
            logging.CRITICAL,
            "outbox.effect_dead",
            outbox=message.uid,
            effect=message.effect,
            error=error,
            do=f"manage.py outbox retry {message.uid}",
        )


def _held(sql: str, batch: _Batch, message: OutboxMessage, **values: Any) -> bool:
    """Write to a message while its lease is ours. Another holder's message is left alone."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"id": message.pk, "token": batch.token, **values})
        return bool(cursor.rowcount)


_POSTPONE = """
UPDATE integrity_outboxmessage
SET state = 'pending', lease_token = NULL, attempts = %(attempts)s, last_error = %(error)s,
    available_at = now() + make_interval(secs => %(after)s)
WHERE id = %(id)s AND lease_token = %(token)s
"""
_BURY = """
UPDATE integrity_outboxmessage
SET state = 'dead', dead_at = now(), lease_token = NULL, attempts = %(attempts)s,
    last_error = %(error)s
WHERE id = %(id)s AND lease_token = %(token)s
"""


def _forget(batch: _Batch) -> None:
    """Delete what was delivered, and count it, in one statement."""
    if batch.unsettled:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, {"delivered": batch.unsettled, "token": batch.token})
        batch.unsettled = []


_FORGET = """
WITH gone AS (
    DELETE FROM integrity_outboxmessage
    WHERE id = ANY(%(delivered)s) AND lease_token = %(token)s RETURNING effect
)
INSERT INTO integrity_effectcount AS known (effect, day, delivered)
SELECT effect, (now() AT TIME ZONE 'UTC')::date, count(*) FROM gone GROUP BY effect ORDER BY effect
ON CONFLICT (effect, day) DO UPDATE SET delivered = known.delivered + excluded.delivered
"""


def _give_back(batch: _Batch) -> None:
    """Make due again, for anybody, what was claimed and not begun."""
    rest = [message.pk for message in batch.waiting]
    if rest:
        OutboxMessage.objects.filter(pk__in=rest, lease_token=batch.token).update(
            state=OutboxMessage.State.PENDING, lease_token=None, available_at=Now()
        )
