"""Whether the tables that a guard watches can be believed."""

from django.db import connection
from django.db.models import Model

from integrity.invariants.declare import Invariant
from integrity.invariants.violations import Tables
from integrity.models import RunResult

MAX_SHRINK = 0.2
# Below, losing a fifth of the rows is an ordinary day.
FROM_ROWS = 100


class Inconclusive(Exception):
    """The reference tables are in doubt, so the violations are."""


class NotAsked(Exception):
    """There is nothing here that it could be broken by, such as a vendor that isn't configured."""


def count_references(declared: Invariant, tables: Tables) -> dict[str, int]:
    """The rows of each table that the guard watches, by label.

    Raises:
        Inconclusive: a table is missing, or can't be counted in time.
    """
    references = declared.references()
    for model in references:
        if not _has_table(model):
            raise Inconclusive(f"the table of {model._meta.label} is missing")
    counted = {model._meta.label: tables.rows(model) for model in references}
    for label, rows in counted.items():
        if rows is None:
            raise Inconclusive(f"{label} took too long to count")
    return {label: rows for label, rows in counted.items() if rows is not None}


def refuse_doubtful(declared: Invariant, counted: dict[str, int]) -> None:
    """Raise Inconclusive if a table is empty or lost many of its rows."""
    known = _last_counts(declared) if counted else {}
    for label, rows in counted.items():
        before = known.get(label, 0)
        if rows == 0:
            raise Inconclusive(f"{label} is empty")
        if before >= FROM_ROWS and rows < before * (1 - MAX_SHRINK):
            raise Inconclusive(
                f"{label} shrank from {before:,} to {rows:,} rows since the last complete run;"
                " if that is right, check again with --accept-shrinkage"
            )


def _has_table(model: type[Model]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(%s) IS NOT NULL",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        return bool(cursor.fetchone()[0])


def _last_counts(declared: Invariant) -> dict[str, int]:
    known = RunResult.objects.filter(
        invariant__in=[declared.name, *declared.aliases], complete=True
    )
    counts: dict[str, int] | None = (
        known.order_by("-at").values_list("references", flat=True).first()
    )
    return counts or {}
