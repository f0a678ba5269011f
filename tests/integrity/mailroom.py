"""An effect that keeps what it is given, and words for what waits in the outbox."""

import uuid
from datetime import timedelta

from django.db.models.functions import Now

from integrity.models import OutboxMessage
from integrity.outbox import enqueue
from integrity.transactions import transaction

MINUTE = timedelta(minutes=1)


class Post:
    """An effect that keeps what it gets, and does first what the test wants."""

    def __init__(self):
        self.messages = []
        self.first = lambda message: None

    def __call__(self, message):
        self.first(message)
        self.messages.append(message)

    @property
    def keys(self):
        return [message.key for message in self.messages]

    def fails_with(self, error):
        def fail(message):
            raise error

        self.first = fail


class Clock:
    """Stands still until told."""

    now = 1000.0

    def monotonic(self):
        return self.now


def promise(*keys, **fields):
    with transaction():
        for key in keys:
            enqueue("test.note", key=key, **fields)


def row(key="a"):
    return OutboxMessage.objects.get(key=key)


def make_due():
    OutboxMessage.objects.update(available_at=Now())


def leave_behind(*keys):
    """As a relay that was killed does, once its lease has ended."""
    promise(*keys)
    OutboxMessage.objects.update(
        state="leased", begun=True, lease_token=uuid.uuid4(), available_at=Now() - MINUTE
    )


def keys():
    return list(OutboxMessage.objects.order_by("pk").values_list("key", flat=True))
