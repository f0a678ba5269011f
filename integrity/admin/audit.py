"""Who did what to which object, and why."""

from django.contrib import admin

from integrity.admin.base import FactsAdmin, utc
from integrity.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(FactsAdmin):
    list_display = ["time", "verb", "subject", "reason", "actor_kind", "actor_id", "via"]
    list_filter = ["actor_kind", "via", "verb", "at"]
    search_fields = ["=subject", "=actor_id", "=request_id"]
    search_help_text = "A whole subject (model:id), actor's id or request id."
    ordering = ["-pk"]
    time = utc("at")
