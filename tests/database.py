"""Words for what the database does by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.db.transaction import atomic

from accounts.errors import named_violation
from integrity.sqlstate import LOCK_NOT_AVAILABLE, sqlstate

CHECK_DEFERRED = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"


def execute(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def refused_as(name: str) -> Iterator[None]:
    """The block, or the COMMIT that it would lead to, is refused in the name of a promise."""
    check_deferred()  # what came before was in order
    with pytest.raises(IntegrityError) as refused, atomic():
        yield
        check_deferred()
    assert named_violation(refused.value) == name


@contextmanager
def committed() -> Iterator[None]:
    """The block is one transaction, whose COMMIT would succeed."""
    check_deferred()
    with atomic():
        yield
        check_deferred()


@contextmanager
def triggers_off(*tables: str) -> Iterator[None]:
    """The block does what the database would not have let through."""
    check_deferred()
    for table in tables:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    check_deferred()
    for table in tables:
        execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def check_deferred() -> None:
    """What COMMIT would check, now; afterwards checks wait again."""
    execute(CHECK_DEFERRED)


class Rival:
    """Somebody else's transaction."""

    def __init__(self) -> None:
        self.connection = connection.copy()
        self.connection.set_autocommit(False)
        self.commit = self.connection.commit

    def execute(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def check_deferred(self) -> None:
        self.execute(CHECK_DEFERRED)


@contextmanager
def rival() -> Iterator[Rival]:
    other = Rival()
    try:
        yield other
    finally:
        other.connection.close()


def waits_for_a_lock(action: Callable[[], object]) -> bool:
    """Whether the action would wait for somebody else; then nothing of it is left."""
    try:
        with atomic():
            execute("SET LOCAL lock_timeout = '100ms'")
            action()
    except OperationalError as error:
        return sqlstate(error) == LOCK_NOT_AVAILABLE
    return False
