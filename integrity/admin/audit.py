"""Who did what to which object, and why."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path

from integrity.admin.exports import csv_response
from integrity.admin.pages import PageAdmin
from integrity.admin.verbs import may
from integrity.models import AuditEntry

EXPORTED = [
    *("at", "verb", "subject", "actor_kind", "actor_id", "via", "reason", "detail", "request_id"),
]


class VerbFilter(admin.SimpleListFilter):
    """The verbs of the newest entries: asking all of them would read the whole log."""

    title = "verb"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = AuditEntry.objects.order_by("-pk").values_list("verb", flat=True)[:2000]
        asked = {request.GET["verb"]} if "verb" in request.GET else set()
        return [(name, name) for name in sorted({*newest} | asked)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class _WordFilter(admin.SimpleListFilter):
    words: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return (
            queryset.filter(**{str(self.parameter_name): self.value()})
            if self.value()
            else queryset
        )


class ActorFilter(_WordFilter):
    title, parameter_name, words = "actor", "actor_kind", ("operator", "command", "task")


class ViaFilter(_WordFilter):
    title, parameter_name, words = "via", "via", ("admin", "cli", "task", "web")


@admin.register(AuditEntry)
class AuditEntryAdmin(PageAdmin):
    change_list_template = "integrity/admin/audit.html"
    page = "integrity/admin/audit_entry.html"
    list_filter = [VerbFilter, ActorFilter, ViaFilter, ("at", admin.DateFieldListFilter)]
    search_fields = ["subject"]
    search_help_text = "A whole subject (app.model:id), a request's id or an actor's id."
    ordering = ["-pk"]
    has_export_auditentry_permission = may("integrity.export_auditentry")

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="integrity_auditentry_export"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        asked = Q(subject=text) | Q(request_id=text) | Q(actor_id=text)
        return (queryset.filter(asked) if text else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_export = self.has_export_auditentry_permission(request)
        more = {"title": "Audit log", "may_export": may_export}
        return super().changelist_view(request, more | (extra_context or {}))

    def page_context(self, request: HttpRequest, target: AuditEntry) -> dict[str, Any]:
        together = AuditEntry.objects.filter(request_id=target.request_id).exclude(request_id="")
        return {
            "title": target.verb,
            "together": together.exclude(pk=target.pk).order_by("pk")[:50],
        }

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The log as it is filtered, up to 100,000 entries."""
        if not self.has_export_auditentry_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        return csv_response("audit-log", EXPORTED, rows)
