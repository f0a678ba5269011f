"""The audit log: who did what to which object, and why. The database refuses to change it."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """One verb of an operator, a command or a task. No foreign keys: it outlives its objects."""

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    actor_id = models.TextField()
    via = models.TextField()
    verb = models.TextField()
    subject = models.TextField()
    reason = models.TextField()
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    request_id = models.TextField(default="", blank=True)

    class Meta:
        verbose_name_plural = "audit log"
        permissions = [("export_auditentry", "Can export the audit log")]
        indexes = [
            models.Index(fields=["-at"], name="integrity_audit_at"),
            models.Index(fields=["subject", "-at"], name="integrity_audit_subject"),
            models.Index(
                fields=["request_id"],
                condition=~models.Q(request_id=""),
                name="integrity_audit_request",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
