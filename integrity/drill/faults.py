"""The ways to break: an error, a lost race, a killed process, a cut or closed connection, and the
lost answer to a COMMIT that happened."""

import os
import signal
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg.errors import DeadlockDetected, OutOfMemory

from integrity.drill.boundaries import BEFORE, COMMIT, HOOKS, Boundary

KILLED = 137
RACING = ("INSERT", "UPDATE", "DELETE", COMMIT)
CHILD_SECONDS = 60
CUT_SECONDS = 10


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Args:
        chosen: those of the boundaries that it can tell apart.
        survived: a flow gets over it by itself, so its caller must be told of success.
    """

    kind: str
    strike: Callable[[BaseDatabaseWrapper], None]
    chosen: Callable[[Sequence[Boundary]], list[Boundary]]
    forks: bool = False
    survived: bool = False


def run_in_child(body: Callable[[], object]) -> int:
    """Run it in a fork of this warm process, without its connections; the exit code says how."""
    connections.close_all()
    with warnings.catch_warnings():
        # Python 3.12 warns when other threads exist. The child touches none of theirs, and leaves
        # by `os._exit` or by the alarm.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _child(body)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _child(body: Callable[[], object]) -> None:
    code = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        body()
        code = 0
    finally:
        os._exit(code)


def _fail(connection: BaseDatabaseWrapper) -> None:
    raise OperationalError("The drill failed this statement.") from OutOfMemory()


def _lose_race(connection: BaseDatabaseWrapper) -> None:
    raise OperationalError("The drill let a rival win.") from DeadlockDetected()


def _exit(connection: BaseDatabaseWrapper) -> None:
    os._exit(KILLED)


def _cut(connection: BaseDatabaseWrapper) -> None:
    driver: Any = connection.connection
    if driver is None:
        return
    terminate_backend(driver.info.backend_pid, using=connection.alias)


def terminate_backend(pid: int, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """End a session from outside, and wait until it is gone.

    `pg_terminate_backend` can wait by itself, but looks only every 100 ms.
    """
    other = connections.create_connection(using)
    deadline = time.monotonic() + CUT_SECONDS
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            while _is_alive(cursor, pid) and time.monotonic() < deadline:
                pass
    finally:
        other.close()


def _is_alive(cursor: CursorWrapper, pid: int) -> bool:
    cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = %s", [pid])
    return cursor.fetchone() is not None


def _close(connection: BaseDatabaseWrapper) -> None:
    connection.close()


def _lose_answer(connection: BaseDatabaseWrapper) -> None:
    # The class's method: the instance's is the watched one that brought us here.
    driver: Any = connection.connection
    type(connection)._commit(connection)  # type: ignore[attr-defined]
    with suppress(OperationalError):
        driver.close()
    raise OperationalError("The drill lost the answer to COMMIT.")


Boundaries = Sequence[Boundary]


def _between_statements(boundaries: Boundaries) -> list[Boundary]:
    """After a statement is the same as before the next one, but for the COMMIT and its hooks."""
    return [each for each in boundaries if each.when == BEFORE or each.label in (COMMIT, HOOKS)]


def _where_races_are_lost(boundaries: Boundaries) -> list[Boundary]:
    """At writes and COMMITs. A locking read loses the same way, and the whole unit is run again."""
    return [each for each in boundaries if each.when == BEFORE and each.label.startswith(RACING)]


def _around_commits(boundaries: Boundaries) -> list[Boundary]:
    """Elsewhere the next statement fails, as after a cut; here nothing tells Django."""
    last = [before for before, after in pairwise(boundaries) if _commits(after)]
    return [each for each in boundaries if each in last or each.label in (COMMIT, HOOKS)]


def _at_commits(boundaries: Boundaries) -> list[Boundary]:
    return [each for each in boundaries if _commits(each)]


def _commits(boundary: Boundary) -> bool:
    return boundary.when == BEFORE and boundary.label == COMMIT


FAULTS = {
    fault.kind: fault
    for fault in (
        Fault("raise", _fail, _between_statements),
        Fault("conflict", _lose_race, _where_races_are_lost, survived=True),
        Fault("exit", _exit, _between_statements, forks=True),
        Fault("terminate", _cut, _between_statements),
        Fault("close", _close, _around_commits),
        Fault("commit_lost", _lose_answer, _at_commits),
    )
}
KINDS = tuple(FAULTS)
