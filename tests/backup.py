"""A backup of the database, and its restore: all rows of all tables, as they were."""

from contextlib import contextmanager

from django.db.transaction import atomic

from tests.flush import GUARDS, TABLES, _execute

EMPTY = 'DELETE FROM "{}"'
# The audit log is kept elsewhere as well, and nothing here reads it.
LEFT_OUT = {"integrity_auditentry"}


@contextmanager
def backup():
    """Yields the restore."""
    tables = [name for (name,) in _execute(TABLES) if name not in LEFT_OUT]
    with atomic():
        _execute("DROP SCHEMA IF EXISTS backup CASCADE")
        _execute("CREATE SCHEMA backup")
        for name in tables:
            _execute(f'CREATE TABLE backup."{name}" AS TABLE "{name}"')
    try:
        yield lambda: _restore(tables)
    finally:
        _execute("DROP SCHEMA backup CASCADE")


def _restore(tables):
    with atomic():
        _execute("SET LOCAL session_replication_role = replica")
        for name in tables:
            guards = _execute(GUARDS, name)
            for guard, _ in guards:
                _execute(f'ALTER TABLE "{name}" DISABLE TRIGGER "{guard}"')
            _execute(EMPTY.format(name))
            _execute(f'INSERT INTO "{name}" OVERRIDING SYSTEM VALUE TABLE backup."{name}"')
            for guard, on in guards:
                _execute(f'ALTER TABLE "{name}" {on} TRIGGER "{guard}"')
