"""Where a check reads: on the replica, if settings name one, and only if its age is known."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections

from integrity.conf import config
from integrity.transactions import snapshot

SQL = Path(__file__).parent / "sql"
PRIMARY = (SQL / "primary_position.sql").read_text()
REPLICA = (SQL / "replica_position.sql").read_text()
# How long a replica may take to come to where the primary was, and how often it is asked.
PATIENCE, PAUSE = 2.0, 0.05


class Unfit(Exception):
    """The replica can't be believed, so nothing is proven."""


@dataclass(frozen=True)
class Primary:
    """Where the primary was, by its own clock."""

    at: datetime
    position: str
    identity: str
    started: datetime


@dataclass(frozen=True)
class Replica:
    """How far the replica has come."""

    identity: str
    started: datetime
    replays: bool
    caught_up: bool | None
    applied_at: datetime | None


@dataclass(frozen=True)
class View:
    """What a snapshot shows: all that was committed before `instant`, by the primary's clock.

    `lag` is how many seconds that was behind the primary; None where the primary itself was read.
    """

    instant: datetime
    lag: float | None = None


@contextmanager
def view(*, statement_timeout: float, current: bool) -> Iterator[View]:
    """Read one instant, on the replica if settings name one.

    Args:
        current: on the primary all the same, where the caller's own writes must be seen.

    Raises:
        Unfit: the replica is too old, or none of this primary.
    """
    alias = "" if current else config().replica
    if alias:
        with _replica(alias) as seen, snapshot(statement_timeout=statement_timeout):
            yield seen
    else:
        with snapshot(statement_timeout=statement_timeout):
            (instant,) = _row("SELECT transaction_timestamp()")
            yield View(instant)


@contextmanager
def _replica(alias: str) -> Iterator[View]:
    primary = Primary(*_row(PRIMARY))
    with _in_place_of_the_primary(alias):
        yield judge(primary, _caught_up(primary), longest=config().replica_lag)


@contextmanager
def _in_place_of_the_primary(alias: str) -> Iterator[None]:
    """Whatever reads, a queryset or a cursor of the project's own, reads there."""
    primary = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[alias]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary


def _caught_up(primary: Primary) -> Replica:
    """The replica, as soon as it shows what the primary showed, or when that takes too long."""
    until = time.monotonic() + PATIENCE
    while True:
        replica = Replica(*_row(REPLICA, primary.position))
        if replica.caught_up or not replica.replays or time.monotonic() > until:
            return replica
        time.sleep(PAUSE)


def judge(primary: Primary, replica: Replica, *, longest: float) -> View:
    """What reading there shows.

    Args:
        longest: how many seconds it may be behind.

    Raises:
        Unfit
    """
    if replica.identity != primary.identity:
        raise Unfit("the replica is one of another database")
    if replica.started == primary.started:
        return View(primary.at, 0.0)
    if not replica.replays:
        raise Unfit("the replica has left its primary and takes writes of its own")
    if replica.caught_up:
        return View(primary.at, 0.0)
    if replica.applied_at is None:
        raise Unfit("nobody knows how old the replica is: it has replayed nothing since its start")
    lag = max(0.0, (primary.at - replica.applied_at).total_seconds())
    if lag > longest:
        raise Unfit(f"the replica is {lag:,.0f} s behind; at most {longest:,.0f} s are allowed")
    return View(replica.applied_at, lag)


def _row(sql: str, *values: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        row: tuple[Any, ...] = cursor.fetchone()
        return row
