"""How the machinery's own promises are kept up."""

from collections.abc import Iterator

from django.db import connection

from integrity.invariants.triggers import every_trigger_is_as_promised
from integrity.models import PromisedTrigger
from integrity.repair import Action, Deed, Kind, declare_repair
from integrity.repair.names import quoted

MODES = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}


def broken_triggers() -> Iterator[Deed]:
    for each in every_trigger_is_as_promised().order_by("pk"):
        yield Deed(
            f"integrity.promisedtrigger:{each.pk}",
            before={"table": each.table, "trigger": each.name, "state": each.actual},
            after={"table": each.table, "trigger": each.name, "state": "as promised"},
        )


def reinstall(deed: Deed) -> None:
    """Switch it as the migration did; where it is gone or changed, install it and its function."""
    promised = PromisedTrigger.objects.get(pk=deed.subject.rpartition(":")[2])
    table, name = quoted(promised.table), quoted(promised.name)
    statements = [f"ALTER TABLE {table} {MODES[promised.enabled]} TRIGGER {name}"]
    if deed.before["state"].startswith(("missing", "changed")):
        drop = f"DROP TRIGGER IF EXISTS {name} ON {table}"
        statements = [promised.function, drop, promised.definition, *statements]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


declare_repair(
    Action(
        "integrity.reinstall_triggers",
        invariant="integrity.every_trigger_is_as_promised",
        kind=Kind.UPDATE,
        statement="Installs the trigger and its function as the migration did, and switches it on.",
        observe=broken_triggers,
        perform=reinstall,
        irreversible=True,
    )
)
