"""Requests that failed, under the id that their error page shows."""

from django.db import models
from django.db.models.functions import Now


class FailedRequest(models.Model):
    """What support needs to know of it: no path, no address and no text of an error."""

    request_id = models.TextField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    # The name of the page, and what went wrong as the log says it.
    page = models.TextField(default="", blank=True)
    event = models.TextField()
    error = models.TextField(default="", blank=True)
    user = models.UUIDField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["at"], name="accounts_failed_at"),
            models.Index(
                fields=["user", "-at"],
                condition=models.Q(user__isnull=False),
                name="accounts_failed_user",
            ),
        ]

    def __str__(self) -> str:
        return self.request_id
