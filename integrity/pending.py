"""Which migrations of this release the database doesn't have yet."""

from functools import cache

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

Migration = tuple[str, str]


def pending(connection: BaseDatabaseWrapper) -> list[Migration]:
    """In order. One that stands for others is there when all of them are; a newer release's count
    for nothing. Two short statements: a probe may ask."""
    applied = _applied(connection)
    return sorted(
        each
        for each, parts in known().items()
        if each not in applied and not (parts and applied.issuperset(parts))
    )


def _applied(connection: BaseDatabaseWrapper) -> set[Migration]:
    """None before the first migrate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return set()
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


@cache
def known() -> dict[Migration, tuple[Migration, ...]]:
    """Every migration of this release, with those that it stands for."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return {key: tuple(each.replaces) for key, each in loader.disk_migrations.items()}
