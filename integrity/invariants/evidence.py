"""What a violation shows of itself: what was expected, and what is there."""

from typing import Any

from django.db.models import Func, TextField

# The annotations of a violating row that are read, where they are there.
SHOWN = ("expected", "actual")
DISCRIMINATOR = "discriminator"


class Masked(Func):
    """A value's first letter and length: enough to see that two differ, too little to know one.

    A finding outlives the row it is about, so it never holds what is personal.
    """

    template = "left((%(expressions)s)::text, 1) || '… (' || length((%(expressions)s)::text) || ')'"
    output_field = TextField()

    def as_sql(self, *args: Any, **context: Any) -> Any:
        sql, parameters = super().as_sql(*args, **context)
        return sql, [*parameters, *parameters]
