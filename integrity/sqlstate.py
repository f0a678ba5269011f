"""What a database error means for the caller: try again, give up, or nobody knows."""

import re

from django.db import DataError, Error, ProgrammingError

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
IDLE_IN_TRANSACTION = "25P03"
RETRYABLE = frozenset({SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE})
# A lock, a statement, a transaction that did nothing: each has a time-out of its own.
TIMEOUTS = frozenset({LOCK_NOT_AVAILABLE, QUERY_CANCELED, IDLE_IN_TRANSACTION})
# Connection exceptions, and a server that went away while it was being asked.
_LOST = ("08", "57P01", "57P02", "57P03")


def sqlstate(error: BaseException) -> str | None:
    """The five-character code of PostgreSQL's answer; None when there was no answer."""
    return getattr(error.__cause__ or error, "sqlstate", None)


def connection_lost(error: BaseException) -> bool:
    """Whether the server may not have answered, so that a COMMIT's outcome is unknown."""
    if not isinstance(error, Error):
        return False
    if (state := sqlstate(error)) is None:
        # What the driver itself refuses, such as a text with a NUL, never went to the server.
        return not isinstance(error, DataError | ProgrammingError)
    return state.startswith(_LOST)


def constraint_name(error: BaseException) -> str | None:
    """The name of the constraint, or of the trigger's promise, that refused the write."""
    return getattr(getattr(error.__cause__ or error, "diag", None), "constraint_name", None)


def without_values(error: BaseException) -> str:
    """The first line of what it says; of data that was refused, nothing that a row holds."""
    line = str(error).partition("\n")[0].rstrip(".")
    return re.sub('".*"', '"…"', line) if isinstance(error, DataError) else line
