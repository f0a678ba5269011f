"""Couples by the hundred thousand, made by a statement a table, some of them broken on purpose."""

from pathlib import Path

from django.db import connection, transaction

from benchmarks.couples import TABLES
from onboarding.catalogue import INTEREST_SLUGS

SQL = Path(__file__).parent / "sql"
POPULATE = (SQL / "populate.sql").read_text()
FAULTS = (SQL / "faults.sql").read_text()
# One couple in so many has each fault.
STRIDE = 4_000
FILLED = (*TABLES, "onboarding_interest", "onboarding_task", "onboarding_milestone")
_filled = 0


def fill(users: int) -> None:
    """Have so many couples in the tables; they stay for the next benchmark.

    The rows are complete, so no trigger has anything to add: they are written in the replication
    role, which only a superuser may take. What is measured afterwards runs with every trigger on.
    """
    global _filled
    if _filled == users and _count("accounts_user") == users:
        return
    empty()
    values = {"users": users, "interests": list(INTEREST_SLUGS[:3])}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(POPULATE, values)
        cursor.execute(FAULTS, values)
    settle()
    _filled = users


def forget() -> None:
    """What was filled in is no longer as it was."""
    global _filled
    _filled = 0


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")


def settle() -> None:
    """As autovacuum and a checkpoint would have left it by now."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE, FREEZE) {', '.join(FILLED)}")
        cursor.execute("CHECKPOINT")


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])
