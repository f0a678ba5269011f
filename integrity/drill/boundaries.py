"""Where a write can break: around every statement, the COMMIT and the commit hooks."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

COMMIT = "COMMIT"
HOOKS = "commit hooks"
BEFORE = "before"
AFTER = "after"
# Told the label and whether it is before or after; may raise, block or end the process.
Visit = Callable[[str, str], None]
_TABLE = re.compile(r'\b(?:INTO|FROM|UPDATE)\s+(?:ONLY\s+)?"?([\w.]+)', re.IGNORECASE)


@dataclass(frozen=True)
class Boundary:
    """One place to break a write at. Numbers start at 1, in the order of a clean run."""

    number: int
    label: str
    when: str

    def __str__(self) -> str:
        return f"{self.when} {self.label}"


def label(sql: object) -> str:
    """A statement in two words: the verb and the first table."""
    text = str(sql)
    verb = text.split(maxsplit=1)[0].upper()
    table = _TABLE.search(text)
    return f"{verb} {table[1]}" if table else verb


@contextmanager
def watch(visit: Visit, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Call `visit` at every boundary that this thread passes.

    COMMIT is no statement to Django and BEGIN none to psycopg, so the execute wrappers never see
    them; COMMIT and the hooks are wrapped on the connection itself.
    """
    connection = connections[using]

    def around(
        execute: Callable[..., Any], sql: str, params: Any, many: Any, context: dict[str, Any]
    ) -> Any:
        visit(label(sql), BEFORE)
        result = execute(sql, params, many, context)
        visit(label(sql), AFTER)
        return result

    with (
        connection.execute_wrapper(around),
        _wrapped(connection, "_commit", COMMIT, visit),
        _wrapped(connection, "run_and_clear_commit_hooks", HOOKS, visit),
    ):
        yield


@contextmanager
def _wrapped(
    connection: BaseDatabaseWrapper, method: str, name: str, visit: Visit
) -> Iterator[None]:
    original = getattr(connection, method)

    @wraps(original)
    def wrapper() -> None:
        visit(name, BEFORE)
        original()
        visit(name, AFTER)

    setattr(connection, method, wrapper)
    try:
        yield
    finally:
        delattr(connection, method)
