"""Between tests that commit, the database goes back to what `migrate` left, in one statement.

Django's own flush truncates every table and runs every post_migrate receiver again: half a second,
and the audit log refuses it. This deletes from the tables that have rows, and puts the seeds (rows
that post_migrate made) back only where a test has changed them.
"""

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.transaction import atomic

RESTORE = """
CREATE SCHEMA pristine;
{copies}
CREATE FUNCTION pristine.restore() RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '10s' {as_replica} AS $$
DECLARE
    seeds_changed boolean := false;
BEGIN
    {statements}
    {alive}
    RETURN seeds_changed;
END;
$$
"""
EMPTY = """
    IF EXISTS (SELECT FROM {table}) THEN
        {unlock}
        DELETE FROM {table};
        {lock}
    END IF;
"""
RESEED = """
    IF EXISTS (TABLE {table} EXCEPT TABLE {seeds}) OR EXISTS (TABLE {seeds} EXCEPT TABLE {table})
    THEN
        DELETE FROM {table};
        INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {seeds};
        seeds_changed := true;
    END IF;
"""
# However long the suite runs, nobody has been silent since it began.
ALIVE = """
    UPDATE {heartbeats} SET at = now() WHERE at < now() - interval '1 minute';
    UPDATE {seeds} SET at = now() WHERE at < now() - interval '1 minute';
"""
TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'django_migrations'
ORDER BY table_name
"""
HEARTBEATS = "integrity_heartbeat"
# Triggers that refuse a DELETE, and how they are switched on: those that fire whatever the session
# says guard the audit log; of the others, a superuser's flush sees none.
GUARDS = """
SELECT tgname, CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END FROM pg_trigger
WHERE tgrelid = %s::regclass AND NOT tgisinternal AND (tgenabled = 'A' OR (
    (tgname LIKE 'pgtrigger\\_user\\_goes%%' OR tgname = 'integrity_saga_is_kept')
    AND current_setting('is_superuser') = 'off'))
"""


def remember(*, leftovers: bool) -> None:
    """Note what is there now as what every flush restores.

    Args:
        leftovers: whether an earlier, killed run may have left rows.
    """
    with atomic():
        _execute("DROP SCHEMA IF EXISTS pristine CASCADE")
        if leftovers:
            _flush_as_django_does()
        tables = [name for (name,) in _execute(TABLES)]
        seeded = {name for name in tables if _execute(f'TABLE "{name}" LIMIT 1')}
        _execute(_program(tables, seeded))


def flush() -> None:
    connection.close_if_unusable_or_obsolete()
    if _execute("SELECT pristine.restore()") == [(True,)]:
        ContentType.objects.clear_cache()


def _program(tables: list[str], seeded: set[str]) -> str:
    # Other triggers and foreign keys would only slow it down, or refuse what a test has broken.
    superuser = _execute("SELECT current_setting('is_superuser')") == [("on",)]
    return RESTORE.format(
        copies="\n".join(f'CREATE TABLE {_seeds(each)} AS TABLE "{each}";' for each in seeded),
        as_replica="SET session_replication_role = replica" if superuser else "",
        statements="".join(_reseed(each) if each in seeded else _empty(each) for each in tables),
        alive=_alive() if HEARTBEATS in seeded else "",
    )


def _alive() -> str:
    return ALIVE.format(heartbeats=f'"{HEARTBEATS}"', seeds=_seeds(HEARTBEATS))


def _reseed(name: str) -> str:
    return RESEED.format(table=f'"{name}"', seeds=_seeds(name))


def _empty(name: str) -> str:
    guards = _execute(GUARDS, name)
    switch = f'ALTER TABLE "{name}" {{}} TRIGGER "{{}}";'
    return EMPTY.format(
        table=f'"{name}"',
        unlock=" ".join(switch.format("DISABLE", guard) for guard, _ in guards),
        lock=" ".join(switch.format(on, guard) for guard, on in guards),
    )


def _seeds(name: str) -> str:
    return f'pristine."{name}"'


def _flush_as_django_does() -> None:
    _execute("ALTER TABLE integrity_auditentry DISABLE TRIGGER integrity_audit_keeps_table")
    call_command("flush", interactive=False, verbosity=0)
    _execute("ALTER TABLE integrity_auditentry ENABLE ALWAYS TRIGGER integrity_audit_keeps_table")


def _execute(sql: str, *params: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []
