"""What holds sagas up: a provider that refuses everybody, and a person who has paused a kind."""

from django.db import models
from django.db.models.functions import Now


class ProviderGate(models.Model):
    """A provider that refuses everybody: until then nobody calls it. A row is a closed way."""

    provider = models.TextField(primary_key=True)
    # None while only failures are counted.
    shut_until = models.DateTimeField(null=True, blank=True)
    shut_at = models.DateTimeField(null=True, blank=True)
    times = models.PositiveIntegerField(default=0)
    reason = models.TextField(default="", blank=True)
    # Failures in a row, and the first sagas that met them.
    failures = models.PositiveIntegerField(default=0)
    sagas = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.provider


class PausedKind(models.Model):
    """No worker takes up a saga of this kind. Those that are asked for meanwhile wait as well."""

    kind = models.TextField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    actor_id = models.TextField()
    reason = models.TextField()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("pause_kind", "Can pause all sagas of a kind"),
            ("resume_kind", "Can let all sagas of a kind go on"),
        ]

    def __str__(self) -> str:
        return self.kind
