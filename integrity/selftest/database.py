"""A database that the selftest makes for itself, and a fresh copy of it for each invariant."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import connection

from integrity.repair.names import quoted

MARK = "made by integrity selftest, for nobody to keep"


class NotOurs(Exception):
    """This database wasn't made by the selftest, so nothing in it is broken on purpose."""


@contextmanager
def migrated() -> Iterator[str]:
    """An empty database with all migrations; its name. It is gone after the block."""
    name = f"{connection.settings_dict['NAME'][:40]}_selftest_{os.getpid()}"
    with _made(name), _connected_to(name):
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        connection.close()
        yield name


@contextmanager
def copy_of(template: str, number: int) -> Iterator[None]:
    """The block works on a copy of its own."""
    name = f"{template}_{number}"
    with _made(name, template=template), _connected_to(name):
        refuse_foreign()
        yield


def refuse_foreign() -> None:
    """Raises NotOurs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname = current_database()"
        )
        if cursor.fetchone() != (MARK,):
            raise NotOurs(NotOurs.__doc__)


@contextmanager
def _made(name: str, *, template: str = "template0") -> Iterator[None]:
    _outside(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}")
    try:
        _outside(f"COMMENT ON DATABASE {quoted(name)} IS '{MARK}'")
        yield
    finally:
        connection.close()
        _outside(f"DROP DATABASE {quoted(name)} WITH (FORCE)")


def _outside(sql: str) -> None:
    """A database can't be made, or dropped, from within."""
    driver: Any = connection
    with driver._nodb_cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """This thread, and those that it starts."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
