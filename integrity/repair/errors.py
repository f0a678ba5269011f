"""Why a repair isn't done. Nothing was changed where one of these is raised."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DataError, NotSupportedError, ProgrammingError

from integrity.sqlstate import without_values


class Refused(Exception):
    """The repair, the approval or the undo is not allowed as things are; the text says why."""


class NotFound(LookupError):
    """There is no such plan."""


class Stopped(Exception):
    """The work ended before its end; what is done is whole and recorded, the rest is untouched."""


@contextmanager
def declared_right(repair: str) -> Iterator[None]:
    """Say so where what a repair declares can't be asked of the database. Raises Refused."""
    try:
        yield
    except (FieldError, FieldDoesNotExist, DataError, NotSupportedError, ProgrammingError) as error:
        raise Refused(
            f"{repair}, or its invariant, is declared in a way that doesn't work:"
            f" {without_values(error)}. Nothing was changed. Correct the declaration, and plan again."
        ) from error
