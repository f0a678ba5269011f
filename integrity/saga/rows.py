"""Change a row and have it as it is then, in one statement."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import connections, models
from django.db.models import sql

M = TypeVar("M", bound=models.Model)


def changed(
    rows: "models.QuerySet[M]", values: Mapping[str, Any], *, read: Mapping[str, str] | None = None
) -> M | None:
    """Update the one row of this query. None where there is none.

    Args:
        read: by the name of the attribute that has it then, further SQL that is read with the row.
    """
    using, query = connections[rows.db], rows.query.chain(sql.UpdateQuery)
    query.add_update_values(dict(values))  # type: ignore[attr-defined]
    update, params = query.get_compiler(rows.db).as_sql()
    fields = rows.model._meta.concrete_fields
    names = [using.ops.quote_name(each.column) for each in fields]
    columns = ", ".join([*names, *(read or {}).values()])
    with using.cursor() as cursor:
        cursor.execute(f"{update} RETURNING {columns}", params)
        row = cursor.fetchone()
    if row is None:
        return None
    as_read = [_read(each, value, using) for each, value in zip(fields, row, strict=False)]
    written = rows.model.from_db(rows.db, [each.attname for each in fields], as_read)
    for name, value in zip(read or {}, row[len(fields) :], strict=True):
        setattr(written, name, value)
    return written


def _read(field: "models.Field[Any, Any]", value: Any, using: Any) -> Any:
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, using) if convert else value
