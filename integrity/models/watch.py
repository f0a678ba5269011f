"""What is remembered so that its absence can be noticed."""

from django.db import models
from django.db.models.functions import Now


class Heartbeat(models.Model):
    """The last sign of life of a process that must always run."""

    name = models.TextField(primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class PromisedTrigger(models.Model):
    """A trigger as the migrations left it, with what it takes to install it again."""

    table = models.TextField()
    name = models.TextField()
    # As in pg_trigger: O(rigin), A(lways), R(eplica).
    enabled = models.CharField(max_length=1)
    definition = models.TextField()
    function = models.TextField()
    fingerprint = models.CharField(max_length=64)
    promised_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "name"], name="integrity_promisedtrigger_once")
        ]

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"
