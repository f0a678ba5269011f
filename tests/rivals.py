"""A second caller: a connection, or a thread with one of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

PATIENCE = 120.0


@contextmanager
def rival() -> Iterator[Callable[..., list[tuple]]]:
    """Execute SQL on a second connection. `BEGIN` opens a transaction that stays open."""
    other = connections.create_connection(DEFAULT_DB_ALIAS)

    def execute(sql: str, *params: Any) -> list[tuple]:
        with other.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    try:
        yield execute
    finally:
        other.close()


@contextmanager
def in_threads() -> Iterator[Callable[..., Future]]:
    """Start calls in threads; each closes its connection at its end. Joined when the block ends."""

    def call(function: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return function(**arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor() as pool:
        yield lambda function, **arguments: pool.submit(call, function, **arguments)


def wait_until(true: Callable[[], object]) -> None:
    """Look again and again, for as long as a busy machine may take."""
    deadline = monotonic() + PATIENCE
    while not true():
        assert monotonic() < deadline, "It has not come true in time."
        Event().wait(0.01)


def wait_for_a_blocked_session(execute: Callable[..., list[tuple]]) -> None:
    wait_until(
        lambda: execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
        )
    )
