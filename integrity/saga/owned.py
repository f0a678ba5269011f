"""What a saga works on is in flux: an invariant that it may break meanwhile says so by this."""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from integrity.models import Saga


def owned_by_a_saga(field: str = "uid", *, kinds: tuple[str, ...] = ()) -> Callable[..., Any]:
    """For an invariant's `in_flight`: violating rows that a saga under way is about are suspected,
    and no repair touches them.

    Args:
        field: of the violating rows, the one that a saga names as its subject, such as
            `user__uid`.
        kinds: of sagas; any, when empty.
    """

    def in_flight(rows: "QuerySet[Any]") -> "QuerySet[Any]":
        owners = Saga.objects.filter(finished_at=None, subject=Cast(OuterRef(field), TextField()))
        return rows.filter(Exists(owners.filter(kind__in=kinds) if kinds else owners))

    return in_flight
