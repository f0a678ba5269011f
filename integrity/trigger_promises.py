"""What migrations change about triggers is what they promise; what changes otherwise is a finding.

Before and after `migrate` the installed triggers are read. The difference goes into the promises,
so that a migration that has nothing to do with a trigger never blesses what was done to it by hand.
"""

from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import receiver

from integrity.models import PromisedTrigger

LIVE = (Path(__file__).parent / "sql" / "live_triggers.sql").read_text()
Live = dict[tuple[str, str], tuple[str, str, str, str]]
_before: list[Live] = []


def live_triggers() -> Live:
    """By table and name: how it is enabled, its definition, its function and its fingerprint."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE)
        return {(table, name): tuple(rest) for table, name, *rest in cursor.fetchall()}


@receiver(pre_migrate, dispatch_uid="integrity.trigger_promises.before")
def look_before(sender: Any, using: str, **kwargs: Any) -> None:
    if sender.name == "integrity" and using == DEFAULT_DB_ALIAS:
        _before[:] = [live_triggers()]


@receiver(post_migrate, dispatch_uid="integrity.trigger_promises.after")
def promise_what_changed(sender: Any, using: str, **kwargs: Any) -> None:
    if sender.name != "integrity" or using != DEFAULT_DB_ALIAS or not _is_migrated():
        return
    now, before = live_triggers(), _before.pop() if _before else None
    if not PromisedTrigger.objects.exists():
        _promise(now)
    elif before is not None:
        _promise({key: live for key, live in now.items() if before.get(key) != live})
        for table, name in before.keys() - now.keys():
            PromisedTrigger.objects.filter(table=table, name=name).delete()


def _promise(triggers: Live) -> None:
    PromisedTrigger.objects.bulk_create(
        [
            # One that is off keeps no promise, so none is promised to be off.
            PromisedTrigger(
                table=table,
                name=name,
                enabled="O" if enabled == "D" else enabled,
                definition=definition,
                function=function,
                fingerprint=fingerprint,
            )
            for (table, name), (enabled, definition, function, fingerprint) in triggers.items()
        ],
        update_conflicts=True,
        unique_fields=["table", "name"],
        update_fields=["enabled", "definition", "function", "fingerprint", "promised_at"],
    )


def _is_migrated() -> bool:
    """Whether the table is there: one may migrate back to before it."""
    return PromisedTrigger._meta.db_table in connection.introspection.table_names()
