"""One reading of a vendor's whole list."""

from django.db import models
from django.db.models.functions import Now


class Pass(models.Model):
    """Page by page; until it is finished it proves nothing."""

    started_at = models.DateTimeField(editable=False, db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    read = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True
