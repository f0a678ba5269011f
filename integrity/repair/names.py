"""Tables and columns as SQL writes them."""

from typing import Any

from django.db import connection
from django.db.models import Model


def quoted(name: str) -> str:
    text: str = connection.ops.quote_name(name)
    return text


def table_of(model: type[Model]) -> str:
    return quoted(model._meta.db_table)


def field_of(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def column_of(model: type[Model], name: str) -> str:
    """With its table, as a queryset names it."""
    return f"{table_of(model)}.{quoted(field_of(model, name).column)}"


def type_of(field: Any) -> str:
    """The type of a column that refers to this one: a serial's is integer."""
    text: str = field.rel_db_type(connection)
    return text


def literal(text: str) -> str:
    """Text as SQL writes it, in a statement that takes parameters."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
