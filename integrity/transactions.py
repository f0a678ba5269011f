"""Who opens a transaction, who needs one, and whether it really committed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection
from django.db.transaction import TransactionManagementError, atomic, on_commit
from psycopg.pq import TransactionStatus

from integrity.log import log_event
from integrity.sqlstate import connection_lost

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)


class CommitNotConfirmed(Exception):
    """Nobody can say whether it was saved. It is whole or absent: look again, or repeat the call.

    A repeat is safe where the write carries a natural key or an operation key.
    """


class TransactionRequired(RuntimeError):
    """This writes a part of something whole. Call it from a flow."""


@contextmanager
def transaction() -> Iterator[None]:
    """Open the one durable transaction, and return only when PostgreSQL has answered COMMIT.

    Django's `atomic` returns normally when the connection was closed inside the block and no
    query followed, and when an error was swallowed, so that PostgreSQL answered COMMIT with
    ROLLBACK. Nothing is saved then, and nothing is raised. Here a hook that has run is the proof.

    Raises:
        CommitNotConfirmed: COMMIT was not sent, or its answer was lost.
        TransactionManagementError: a statement had failed; nothing was saved.
        RuntimeError: a transaction is open already.
    """
    committed = body_finished = False

    def confirm() -> None:
        nonlocal committed
        committed = True

    try:
        with atomic(durable=True):
            on_commit(confirm)
            yield
            _refuse_a_swallowed_error()
            body_finished = True
    except Exception as error:
        if committed:
            _tolerate(error)
        elif body_finished and connection_lost(error):
            raise CommitNotConfirmed from error
        else:
            raise
    if not committed:
        raise CommitNotConfirmed


def _refuse_a_swallowed_error() -> None:
    driver: Any = connection.connection
    if driver is not None and driver.info.transaction_status == TransactionStatus.INERROR:
        raise TransactionManagementError(
            "A statement has failed and its error was caught: nothing was saved. "
            "What may fail belongs into a savepoint()."
        )


def _tolerate(error: Exception) -> None:
    """Somebody's commit hook failed. It is saved all the same, so nobody may try it again."""
    log_event(logger, logging.ERROR, "transaction.hook_failed", error=type(error).__name__)


def savepoint() -> AbstractContextManager[None]:
    """A part that may fail without undoing the rest.

    Raises:
        TransactionRequired: there is nothing to set a savepoint in.
    """
    require_transaction()
    return atomic()


@contextmanager
def rehearsal() -> Iterator[None]:
    """A savepoint whose writes are taken back at its end, with everything that they set off."""
    require_transaction()
    with suppress(_Rehearsed), atomic():
        yield
        raise _Rehearsed


class _Rehearsed(Exception):
    """Not an error: what was tried has been seen."""


@contextmanager
def snapshot(*, statement_timeout: float) -> Iterator[None]:
    """Read one instant of the database; writing is refused. The time-out is seconds a statement.

    The planner settings favour merge anti-joins over index-only scans, which beat hash joins
    on every invariant measured.
    """
    with atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true),"
            " set_config('enable_hashjoin', 'off', true),"
            " set_config('max_parallel_workers_per_gather', '0', true),"
            " set_config('random_page_cost', '1.1', true)",
            [milliseconds(statement_timeout)],
        )
        yield


def check_deferred() -> None:
    """What COMMIT would check, now. What is written afterwards is checked at once."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def wake_after_commit(hook: Callable[[], None]) -> None:
    """Call once after COMMIT. A crash loses the call, so only what is swept as well may use it."""
    if hook not in [entry[1] for entry in connection.run_on_commit]:
        on_commit(hook, robust=True)


def require_transaction() -> None:
    if not connection.in_atomic_block:
        raise TransactionRequired(TransactionRequired.__doc__)


def transaction_required(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse to run outside a transaction, so that a part can't be written alone."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        require_transaction()
        return function(*args, **kwargs)

    return wrapper


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it."""
    return f"{int(seconds * 1000)}ms"
