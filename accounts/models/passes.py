"""One reading of a vendor's whole list, which goes on where it stopped.

A list is read while both sides change. What one pass finds otherwise may have been met on its way,
so it becomes a finding when the next pass, begun later and read to its end, still finds it.
"""

from datetime import timedelta
from typing import Any, TypeVar

from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

# How long one that was begun is gone on with; then a new one is begun.
GOES_ON = timedelta(hours=6)


class Pass(models.Model):
    """Page by page; until it is finished it proves nothing."""

    started_at = models.DateTimeField(editable=False, db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    read = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


P = TypeVar("P", bound=Pass)


def unfinished(kind: type[P], **of: Any) -> P | None:
    """The newest of these, if it is to be gone on with."""
    recent = timezone.now() - GOES_ON
    begun: QuerySet[P] = kind._base_manager.filter(started_at__gt=recent, **of)
    newest = begun.order_by("-pk").first()
    return newest if newest and newest.finished_at is None else None


def began(kind: type[Pass], *, before: int = 0) -> "QuerySet[Any]":
    """When the newest finished pass began, or the one so many before it; to compare with in SQL.

    Without such a pass it is NULL, and nothing is earlier than that: what is noted as otherwise
    since a time before `began(kind)`, or was listed last before `began(kind, before=1)`, was found
    by two passes.
    """
    finished: QuerySet[Any] = kind._base_manager.filter(finished_at__isnull=False)
    return finished.order_by("-pk").values("started_at")[before : before + 1]
