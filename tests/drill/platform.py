"""The machinery itself: messages that were given up, and the relay that delivers the others."""

from types import SimpleNamespace
from uuid import uuid4

from django.db import connections
from django.db.models.functions import Now

from integrity.dead_effects import retry_dead
from integrity.drill.core import ALL, NOTHING, Scenario
from integrity.models import OutboxMessage
from integrity.outbox import Effect, effects, enqueue
from integrity.relay import deliver_due
from integrity.transactions import transaction
from tests.drill.facts import BY, audits, judge

LEDGER = "drill.ledger"


class NotDelivered(Exception):
    """The relay's caller is told that it is still to be done."""


def promise():
    context = SimpleNamespace(key=str(uuid4()))
    with transaction():
        enqueue(LEDGER, key=context.key)
    return context


def dead():
    context = promise()
    messages = OutboxMessage.objects.filter(key=context.key)
    messages.update(state="dead", dead_at=Now(), attempts=12)
    context.message = messages.get()
    return context


def retried(context):
    now = OutboxMessage.objects.get(key=context.key)
    return judge(
        state=((now.state, now.attempts), ("dead", 12), ("pending", 0)),
        audit=(audits(now), 0, 1),
    )


RETRY_DEAD = Scenario(
    name="retry_dead_effects",
    flows=("integrity.retry_dead_effects",),
    setup=dead,
    act=lambda context: retry_dead(uids=[context.message.uid], by=BY),
    whole=retried,
    excused=lambda context: ["integrity.no_effect_is_dead"],
)


def deliver_to_ledger(message):
    """Outside our transaction, as a mail server is: what was sent stays sent."""
    outside = connections.create_connection("default")
    with outside.cursor() as cursor:
        cursor.execute("INSERT INTO drill_ledger (key) VALUES (%s)", [message.key])
    outside.close()


def register_ledger():
    if LEDGER not in effects:
        effects.add(Effect(LEDGER, deliver_to_ledger))


def sent(context):
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM drill_ledger WHERE key = %s", [context.key])
        return cursor.fetchone()[0]


def relay(context):
    # Whoever died while holding it: its lease has run out by now.
    OutboxMessage.objects.filter(key=context.key).update(available_at=Now())
    deliver_due()
    if OutboxMessage.objects.filter(key=context.key).exists():
        raise NotDelivered


def delivered(context):
    """At least once: a message that is gone was sent; one that is there may have been."""
    waits = OutboxMessage.objects.filter(key=context.key).exclude(state="dead").exists()
    if waits:
        return NOTHING
    return ALL if sent(context) else "the message is gone and was never sent"


RELAY = Scenario(
    name="deliver_due",
    flows=(),
    setup=promise,
    act=relay,
    whole=delivered,
    refusals=(NotDelivered,),
)

SCENARIOS = [RETRY_DEAD, RELAY]
