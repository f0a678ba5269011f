"""Couples in plain SQL: the floor that the product's own functions are held against."""

import itertools
import uuid

from django.db import connection, transaction

TABLES = (
    "accounts_user",
    "accounts_profile",
    "accounts_wedding",
    "accounts_member",
    "accounts_weddingstats",
    "account_emailaddress",
)
_numbers = itertools.count()


def address() -> str:
    return f"couple{next(_numbers)}@bench.example"


def clear() -> None:
    """Begin with empty tables, and with no garbage left over from other cells."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}, integrity_outboxmessage CASCADE")
        cursor.execute("CHECKPOINT")


def without_triggers() -> None:
    clear()
    _set_triggers("DISABLE")


def with_triggers() -> None:
    _set_triggers("ENABLE")


def _set_triggers(state: str) -> None:
    """Ours only; foreign keys stay."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} {state} TRIGGER USER")


def insert(*, profile: bool = False) -> int:
    """One couple by one statement a row, in one transaction. Returns the user's id."""
    email = address()
    with transaction.atomic(), connection.cursor() as cursor:
        user = _returning(
            cursor, "INSERT INTO accounts_user (email) VALUES (%s) RETURNING id", email
        )
        if profile:
            cursor.execute(
                "INSERT INTO accounts_profile (user_id, email) VALUES (%s, %s)", [user, email]
            )
        cursor.execute(
            'INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
            " VALUES (%s, %s, false, true)",
            [user, email],
        )
        wedding = _returning(cursor, "INSERT INTO accounts_wedding DEFAULT VALUES RETURNING id")
        cursor.execute(
            "INSERT INTO accounts_member (user_id, wedding_id) VALUES (%s, %s)", [user, wedding]
        )
        cursor.execute("INSERT INTO accounts_weddingstats (wedding_id) VALUES (%s)", [wedding])
    return user


def insert_with_mail() -> None:
    """The rows of a sign-up, with the promise of a mail of the usual size."""
    with connection.cursor() as cursor:
        insert()
        cursor.execute(
            "INSERT INTO integrity_outboxmessage (effect, key, ordering_key, payload, sealed)"
            " VALUES ('accounts.mail', %s, '', '{}', %s)",
            [str(uuid.uuid4()), b"x" * 4000],
        )


def expect(count: int, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found = cursor.fetchone()[0]
    assert found == count, f"{table} has {found} rows, not {count}"


def _returning(cursor, sql: str, *values: object) -> int:
    cursor.execute(sql, values)
    return cursor.fetchone()[0]
