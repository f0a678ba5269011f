"""Flows: the registered functions that write several rows, all of them or none."""

import inspect
import itertools
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import Error, connection

from integrity.conf import config
from integrity.log import kind_and_place, log_event
from integrity.models import Ended, FlowOutcome, Operation
from integrity.registry import Registry
from integrity.sqlstate import QUERY_CANCELED, RETRYABLE, TIMEOUTS, sqlstate
from integrity.transactions import (
    CommitNotConfirmed,
    TransactionRequired,
    milliseconds,
    transaction,
)

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)
Outcome = FlowOutcome.Outcome


class AlreadyDone(Exception):
    """This very submission has been committed before. Show the present state; nothing is lost."""


class Busy(Exception):
    """Others held the rows for too long. Nothing was changed; try again in a moment."""


@dataclass(frozen=True)
class Flow:
    """A flow as declared. Times are seconds; None means the project's default."""

    name: str
    function: Callable[..., Any]
    lock_timeout: float | None
    statement_timeout: float | None
    attempts: int | None


@dataclass
class _Run:
    flow: Flow
    operation: str = ""


@dataclass
class _Tries:
    """What it took until the flow had its end."""

    retries: int = 0
    timeouts: int = 0


_registry: Registry[Flow] = Registry("flow")
_current: ContextVar[_Run | None] = ContextVar("integrity_flow", default=None)
_ended: ContextVar[list[Ended] | None] = ContextVar("integrity_flows_ended", default=None)


def flow(
    name: str,
    *,
    lock_timeout: float | None = None,
    statement_timeout: float | None = None,
    attempts: int | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run the function in one durable transaction, the whole of it again on a lost race.

    Args:
        name: stable and dotted, `app.verb_phrase`; logs, outcomes and the drill use it.
        lock_timeout: seconds to wait for a row somebody else holds.
        statement_timeout: seconds one statement may take.
        attempts: how often in all to try on 40001, 40P01 and 55P03.

    The decorated function raises:
        Busy: the attempts are used up, or a statement took too long; nothing was changed.
        AlreadyDone: the operation it claimed was committed before.
        CommitNotConfirmed: the outcome is unknown and no operation was claimed.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _refuse_positional_arguments(name, function)
        declared = _registry.add(Flow(name, function, lock_timeout, statement_timeout, attempts))

        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            return _recorded(declared, lambda: function(*args, **kwargs))

        return wrapper

    return decorate


def flows() -> dict[str, Flow]:
    """Every flow of the installed apps whose modules are imported, by name."""
    return {declared.name: declared for declared in _registry}


def claim_operation(key: str) -> None:
    """Make the running flow once-only for this key: call it first. A blank key claims nothing.

    Raises:
        AlreadyDone: the key was committed before, or by a rival a moment ago.
        RuntimeError: no flow is running.
    """
    run = _current.get()
    if run is None:
        raise RuntimeError("claim_operation() belongs at the start of a flow.")
    if not key:
        return
    run.operation = key
    if not Operation.claim(flow=run.flow.name, key=key):
        raise AlreadyDone(run.flow.name)


def _refuse_positional_arguments(name: str, function: Callable[..., Any]) -> None:
    kinds = {parameter.kind for parameter in inspect.signature(function).parameters.values()}
    if kinds - {inspect.Parameter.KEYWORD_ONLY}:
        raise TypeError(f"The flow {name!r} takes keyword-only arguments.")


def _recorded(declared: Flow, body: Callable[[], R]) -> R:
    # Before anything is recorded: the record would join the transaction that is open.
    if connection.in_atomic_block:
        raise RuntimeError(
            f"The flow {declared.name!r} opens its own transaction, and one is open. "
            "Share a part by @transaction_required; tests of flows need transaction=True."
        )
    started = time.monotonic()
    outcome, tries = Outcome.FAILED, _Tries()
    try:
        result = _retried(declared, body, tries)
        outcome = Outcome.COMMITTED
        return result
    except Exception as error:
        outcome = _outcome_of(error)
        raise
    finally:
        seconds = time.monotonic() - started
        _record(Ended(declared.name, outcome.value, seconds, tries.retries, tries.timeouts))


def _outcome_of(error: Exception) -> Outcome:
    match error:
        case AlreadyDone():
            return Outcome.ALREADY_DONE
        case Busy():
            return Outcome.BUSY
        case CommitNotConfirmed():
            return Outcome.UNCONFIRMED
        case Error() | TransactionRequired():
            return Outcome.FAILED
    # Rules raise exceptions of their own; a built-in one is a mistake in the code.
    return Outcome.FAILED if type(error).__module__ == "builtins" else Outcome.REFUSED


def _retried(declared: Flow, body: Callable[[], R], tries: _Tries) -> R:
    last = declared.attempts or config().attempts
    in_doubt: CommitNotConfirmed | None = None
    for attempt in itertools.count(1):
        run = _Run(declared)
        try:
            return _attempt(run, body)
        except CommitNotConfirmed as error:
            # The claim decides: committed means AlreadyDone, otherwise the work is done now.
            if not run.operation or attempt >= last:
                raise
            in_doubt = error
            connection.close()
        except Error as error:
            state = sqlstate(error)
            tries.timeouts += state in TIMEOUTS
            if state not in RETRYABLE or attempt >= last:
                if in_doubt:
                    # "Nothing was changed" would be a guess.
                    raise in_doubt from error
                if state in {*RETRYABLE, QUERY_CANCELED}:
                    raise Busy(declared.name) from error
                raise
        tries.retries += 1
        _pause(attempt)
    raise AssertionError("unreachable")


def _attempt(run: _Run, body: Callable[[], R]) -> R:
    token = _current.set(run)
    try:
        with transaction():
            _limit_waiting(run.flow)
            return body()
    finally:
        _current.reset(token)


def _limit_waiting(declared: Flow) -> None:
    defaults = config()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true),"
            " set_config('statement_timeout', %s, true),"
            " set_config('idle_in_transaction_session_timeout', %s, true)",
            [
                milliseconds(declared.lock_timeout or defaults.lock_timeout),
                milliseconds(declared.statement_timeout or defaults.statement_timeout),
                milliseconds(defaults.idle_timeout),
            ],
        )


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, 0.02 * 2**attempt))


@contextmanager
def counted_together() -> Iterator[None]:
    """How the flows in here end is counted by one statement, when all of them have."""
    ended: list[Ended] = []
    token = _ended.set(ended)
    try:
        yield
    finally:
        _ended.reset(token)
        _count(ended)


def _record(ended: Ended) -> None:
    together = _ended.get()
    if together is None:
        _count([ended])
    else:
        together.append(ended)


def _count(ended: Sequence[Ended]) -> None:
    if not ended:
        return
    try:
        FlowOutcome.add(*ended)
    except Error as error:
        log_event(
            logger,
            logging.WARNING,
            "flow.outcome_not_recorded",
            flow=ended[-1].flow,
            error=kind_and_place(error),
        )
