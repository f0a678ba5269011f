"""Which columns may hold personal data, and which of them nobody has classified."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model

from integrity.privacy.declare import Holding, holdings

# What numbers and times alone are stored as. Any other type may hold words, also one unheard of.
WORDLESS = frozenset(
    [
        "bigint",
        "boolean",
        "date",
        "double",
        "interval",
        "integer",
        "numeric",
        "real",
        "smallint",
        "time",
        "timestamp",
    ]
)


@dataclass(frozen=True, order=True)
class Column:
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def unclassified() -> list[Column]:
    """Columns of the installed models that need a word and have none."""
    return sorted({each for model in _models() for each in _unclassified(model)})


def misnamed() -> list[Column]:
    """What is classified, and is no column of its model."""
    return sorted(
        Column(each.table, name)
        for each in holdings
        if each.model
        for name in each.columns - {field.name for field in each.model._meta.concrete_fields}
    )


def unclassified_in_the_database() -> list[Column]:
    """Columns that hold words in tables that no model is made for."""
    of_models = {model._meta.db_table for model in _models()}
    return [
        column
        for column in wordy_columns()
        if column.table not in of_models
        and (column.table not in holdings or column.name not in holdings.get(column.table).columns)
    ]


def wordy_columns() -> list[Column]:
    """Every column of the database that can hold words, and its table with the schema if need be."""
    with connection.cursor() as cursor:
        cursor.execute(_WORDY, [list(WORDLESS)])
        return [Column(*row) for row in cursor.fetchall()]


_WORDY = r"""
SELECT attrelid::regclass::text, attname FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
WHERE relkind IN ('r', 'm') AND attnum > 0 AND NOT attisdropped
  AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
  AND regexp_replace(format_type(atttypid, NULL), '[^a-z].*', '') <> ALL(%s)
ORDER BY 1, attnum
"""


def _models() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


def _unclassified(model: type[Model]) -> Iterator[Column]:
    table = model._meta.db_table
    holding = holdings.get(table) if table in holdings else None
    for field in model._meta.local_concrete_fields:
        if _needs_a_word(field, holding) and not (holding and field.name in holding.columns):
            yield Column(table, field.name)


def _needs_a_word(field: "Field[object, object]", holding: Holding | None) -> bool:
    """A key into another table holds what is classified there; a choice is a word of ours."""
    if isinstance(field, ForeignKey):
        return not getattr(field, "db_constraint", True) and holds_words(field)
    if field.choices or (field.primary_key and not holds_words(field)):
        return False
    return holds_words(field) or bool(holding and holding.rows)


def holds_words(field: "Field[object, object]") -> bool:
    kind = field.db_type(connection) or ""
    return kind.split("(")[0].split(" ")[0] not in WORDLESS
