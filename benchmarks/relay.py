"""Delivering effects that do nothing: what the outbox itself costs a message."""

from collections.abc import Callable

from django.db import connection

from benchmarks.measure import Cell, Size, compare
from integrity.models import OutboxMessage
from integrity.outbox import Message, effect
from integrity.relay import deliver_due

COUNT = 1000
delivered = 0


@effect("benchmarks.nothing")
def nothing(message: Message) -> None:
    global delivered
    delivered += 1


def run(size: Size) -> None:
    cells = [
        Cell("plain SQL: DELETE … SKIP LOCKED, 100 at a time", plain(100), COUNT, promise),
        Cell("plain SQL: DELETE … SKIP LOCKED, one at a time", plain(1), COUNT, promise),
        Cell("deliver_due(batch=100)", _deliver(100), COUNT, promise),
        Cell("deliver_due(batch=1)", _deliver(1), COUNT, promise),
    ]
    compare("Relay", cells, rounds=size.rounds)


def promise(count: int = COUNT) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE integrity_outboxmessage")
        cursor.execute(
            "INSERT INTO integrity_outboxmessage (effect, key, ordering_key, payload)"
            " SELECT 'benchmarks.nothing', n::text, '', '{}' FROM generate_series(1, %s) AS n",
            [count],
        )
        cursor.execute("ANALYZE integrity_outboxmessage")


def plain(batch: int, count: int = COUNT) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            for _ in range(count // batch):
                cursor.execute(
                    "DELETE FROM integrity_outboxmessage WHERE id IN ("
                    " SELECT id FROM integrity_outboxmessage WHERE available_at <= now()"
                    " ORDER BY available_at, id LIMIT %s FOR UPDATE SKIP LOCKED)",
                    [batch],
                )
        assert not OutboxMessage.objects.exists()

    return run


def deliver(batch: int) -> int:
    """All that is due. How many messages that was."""
    before, count = delivered, deliver_due(batch=batch).count
    assert delivered - before == count
    return count


def _deliver(batch: int) -> Callable[[], None]:
    def run() -> None:
        assert deliver(batch) == COUNT
        assert not OutboxMessage.objects.exists()

    return run
