"""Copies of somebody's data: that there is one, how far it is, and until when. Never what is in it."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat

from accounts.admin.billing import OfAPerson
from accounts.admin.facts import link
from accounts.models import Export
from integrity.admin.base import utc
from integrity.models import Saga


@admin.register(Export)
class ExportAdmin(OfAPerson):
    list_display = ["person", "began", "ready", "until", "bytes"]
    list_display_links = ["began"]
    search_fields = ["user__email__startswith", "user__uid", "saga"]
    ordering = ["-began_at"]
    fields = ["person", "began", "ready", "until", "bytes", "made_by"]
    began, ready, until = utc("began_at"), utc("ready_at"), utc("expires_at")

    @admin.display(description="size", ordering="size")
    def bytes(self, export: Export) -> str | None:
        return None if export.size is None else filesizeformat(export.size)

    @admin.display(description="saga")
    def made_by(self, export: Export) -> str | None:
        saga = Saga.objects.filter(uid=export.pk).first()
        return link(str(saga), page="integrity_saga_change", pk=saga.pk) if saga else None
