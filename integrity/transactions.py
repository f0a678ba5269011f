"""Who opens a transaction, who needs one, and whether it really committed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import Error, connection
from django.db.transaction import atomic, on_commit

from integrity.sqlstate import connection_lost

P = ParamSpec("P")
R = TypeVar("R")


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
    query followed: nothing is saved and nothing is raised. Here a hook that has run is the proof.

    Raises:
        CommitNotConfirmed: COMMIT was not sent, or its answer was lost.
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
            body_finished = True
    except Error as error:
        if body_finished and not committed and connection_lost(error):
            raise CommitNotConfirmed from error
        raise
    if not committed:
        raise CommitNotConfirmed


def savepoint() -> AbstractContextManager[None]:
    """A part that may fail without undoing the rest.

    Raises:
        TransactionRequired: there is nothing to set a savepoint in.
    """
    require_transaction()
    return atomic()


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


def wake_after_commit(hook: Callable[[], None]) -> None:
    """Call once after COMMIT. A crash loses the call, so only what is swept as well may use it."""
    if hook not in [waiting for _, waiting, _ in connection.run_on_commit]:
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
