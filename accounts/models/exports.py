"""A copy of a person's data: collected row by row, written as one file, kept for a week."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.users import User

WHOLE = Q(ready_at__isnull=False, expires_at__isnull=False, size__isnull=False)
UNFINISHED = Q(ready_at=None, expires_at=None, size=None)


class Export(models.Model):
    """Made by the saga of the same uid. Until it is ready, nobody is shown anything of it."""

    saga = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="exports")
    began_at = models.DateTimeField(editable=False, db_default=Now())
    # Bytes of the rows that were collected, as JSON.
    collected = models.PositiveBigIntegerField(default=0, db_default=0)
    # Bytes of the file.
    size = models.PositiveBigIntegerField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="accounts_export_is_ready_as_a_whole", condition=WHOLE | UNFINISHED
            ),
            models.UniqueConstraint(
                name="accounts_export_one_is_kept",
                fields=["user"],
                condition=Q(ready_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="accounts_export_one_is_made", fields=["user"], condition=Q(ready_at=None)
            ),
        ]
        indexes = [
            models.Index(
                name="accounts_export_expires",
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"export {self.saga}"


class ExportPiece(models.Model):
    """Some rows, or the next bytes of the file; encrypted."""

    class Kind(models.TextChoices):
        ROWS = "rows"
        FILE = "file"

    pk = models.CompositePrimaryKey("export_id", "kind", "position")
    export = models.ForeignKey(Export, models.CASCADE, related_name="pieces", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    position = models.PositiveIntegerField()
    sealed = models.BinaryField(editable=False)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="accounts_exportpiece_kind_is_known", condition=Q(kind__in=["rows", "file"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position} of {self.export_id}"
