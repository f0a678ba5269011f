"""Stripe's events: each is kept as it came, together with what it changed, or why it changed nothing."""

import logging
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection
from django.db.models import F

from accounts.billing.changes import Applied, apply_event
from accounts.billing.customers import APPLY_EVENT
from accounts.billing.webhooks import StripeEvent, read_event
from accounts.errors import AccountError
from accounts.models import Event, EventChange
from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.log import log_event
from integrity.outbox import enqueue
from integrity.retention import Expiring, expiring
from integrity.sealed import seal, unseal
from integrity.sqlstate import RETRYABLE, connection_lost, constraint_name, sqlstate
from integrity.transactions import savepoint, transaction_required

logger = logging.getLogger(__name__)
State = Event.State


class EventNotFound(AccountError):
    """There is no event of this id. Ask Stripe to send it again."""


class EventForgotten(AccountError):
    """What this event said is gone: its time was over. Ask Stripe to send it again."""


class EventNotApplied(AccountError):
    """The event could not be applied. It says why, and is tried again later."""


@dataclass(frozen=True)
class Outcome:
    """What became of an event. `repeated`: it had come before, and nothing was done now."""

    state: str
    reason: str = ""
    repeated: bool = False


@flow("accounts.receive_event")
def receive_event(*, raw: bytes, event: StripeEvent, by: Actor) -> Outcome:
    """Keep an event, and apply it.

    A second delivery at the same moment waits for the first one's COMMIT, and does nothing. What
    can't be applied is kept as failed, with the promise to try again: Stripe has done its part.

    Args:
        raw: the body, to the byte; `event` was read from it, and its signature is right.
    """
    return take_event(raw, event)


@transaction_required
def take_event(raw: bytes, event: StripeEvent) -> Outcome:
    """The part of `receive_event` that repairs share."""
    if not _keep(raw, event):
        known = Event.objects.get(pk=event.id)
        return Outcome(known.state, known.reason, repeated=True)
    outcome = _apply(event)
    if outcome.state == State.FAILED:
        enqueue(APPLY_EVENT, key=event.id, payload={"event": event.id})
    return outcome


@flow("accounts.replay_event")
def replay_event(*, event_id: str, by: Actor) -> Outcome:
    """Apply an event that is kept once more. One that was applied has had its effect: a no-op.

    Raises:
        EventNotFound: nothing was done.
        EventForgotten: nothing was done.
    """
    outcome = apply_kept(event_id)
    if not outcome.repeated:
        detail = {"state": outcome.state}
        audit("accounts.event_replayed", by=by, subject=Event(pk=event_id), detail=detail)
    return outcome


@transaction_required
def apply_kept(event_id: str) -> Outcome:
    """The part of `replay_event` that repairs share."""
    kept = Event.objects.select_for_update(no_key=True).filter(pk=event_id).first()
    if kept is None:
        raise EventNotFound
    if kept.state == State.APPLIED or kept.reason == Event.Reason.TOMBSTONED:
        return Outcome(kept.state, kept.reason, repeated=True)
    if kept.sealed is None:
        raise EventForgotten
    return _apply(read_event(unseal(bytes(kept.sealed))["body"].encode()))


def _keep(raw: bytes, event: StripeEvent) -> bool:
    """False when it is kept already. Waits for a rival who is about to."""
    values: list[Any] = [
        event.id,
        event.type,
        event.happened_at,
        event.api_version,
        event.livemode,
        event.customer,
        seal({"body": raw.decode()}),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        return bool(cursor.rowcount)


_KEEP = """
INSERT INTO accounts_event
    (stripe_id, type, happened_at, api_version, livemode, customer_id, sealed)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""


def _apply(event: StripeEvent) -> Outcome:
    outcome = _try(event)
    told: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason}
    if outcome.reason == Event.Reason.TOMBSTONED:
        # It names somebody who is gone, and is good for nothing else.
        told["sealed"] = None
    Event.objects.filter(pk=event.id).update(**told, attempts=F("attempts") + 1)
    return outcome


def _try(event: StripeEvent) -> Outcome:
    try:
        with savepoint():
            applied = apply_event(event)
            _tell(event, applied)
    except Exception as error:
        # The rim: whatever is wrong with an event is kept with it, and tried again.
        if isinstance(error, Error) and _ends_the_flow(error):
            raise
        reason = _describe(error)
        log_event(
            logger,
            logging.WARNING,
            "accounts.event_not_applied",
            stripe_event=event.id,
            error=reason,
        )
        return Outcome(State.FAILED, reason)
    return Outcome(State.IGNORED if applied.reason else State.APPLIED, applied.reason)


@transaction_required
def _tell(event: StripeEvent, applied: Applied) -> None:
    EventChange.objects.bulk_create(
        EventChange(event_id=event.id, subject=each.subject, fields=list(each.fields))
        for each in applied.changes
    )


def _ends_the_flow(error: Error) -> bool:
    """Lost races are run again as a whole, and a lost connection has nothing left to save."""
    return sqlstate(error) in RETRYABLE or connection_lost(error)


def _describe(error: Exception) -> str:
    """Its kind and the promise that refused it; never its text, which may quote a row."""
    return ": ".join(filter(None, (type(error).__name__, constraint_name(error))))[:200]


# Stripe sends an event again for three days. What failed is kept until somebody has seen to it.
expiring.append(
    Expiring(
        "Stripe events",
        lambda cut: Event.objects.filter(received_at__lt=cut).exclude(state=State.FAILED),
    )
)
