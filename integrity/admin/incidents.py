"""Incidents: what somebody was told of, when, and whether it is over."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from integrity.addresses import addresses
from integrity.admin.pages import PageAdmin
from integrity.admin.saga_links import link_from_invariant
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.alert_text import runbook
from integrity.alerts import EFFECT, NoAddress, send_test
from integrity.audit import Actor
from integrity.invariants.declare import invariants
from integrity.markdown import blocks
from integrity.models import Finding, Incident, IncidentChange, OutboxMessage, Run
from integrity.runbooks import page_of


@admin.register(Incident)
class IncidentAdmin(PageAdmin):
    change_list_template = "integrity/admin/incidents.html"
    page = "integrity/admin/incident.html"
    list_filter = ["state", "kind"]
    search_fields = ["uid__startswith", "subject__startswith"]
    search_help_text = "The beginning of an incident's id, or of an invariant."
    # Open ones first.
    ordering = ["state", "-opened_at", "-pk"]
    actions_list = ["send_test"]
    has_send_test_alert_permission = may("integrity.send_test_alert")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {"title": "Incidents", "labels": [each.label for each in addresses()]}
        return super().changelist_view(request, more | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.runbook)
        place = path("<path:object_id>/runbook/", view, name="integrity_incident_runbook")
        return [place, *super().get_urls()]

    def runbook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What to do about an incident of its kind, as it is written in the project."""
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        self.refuse_strangers(request, target)
        page = page_of(runbook(target.kind))
        if page.address:
            return HttpResponseRedirect(page.address)
        context = {
            "title": f"What to do: {target.kind}",
            "target": target,
            "page": page,
            "blocks": blocks(page.text),
        }
        return self.answer(request, "integrity/admin/incident_runbook.html", context)

    def page_context(self, request: HttpRequest, target: Incident) -> dict[str, Any]:
        declared = invariants.get(target.subject) if target.subject in invariants else None
        return {
            "title": f"Incident {str(target.uid)[:8]}",
            "declared": declared,
            "changes": _changes(target),
            "sagas": link_from_invariant(request, target.subject),
            "findings": Finding.objects.filter(invariant=target.subject, resolved_at=None).count(),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        changes = IncidentChange.objects.select_related("alert").order_by("-pk")
        return Incident.objects.prefetch_related(Prefetch("changes", changes))

    @verb(
        permission="send_test_alert",
        title="Send a test alert",
        explain="Goes to every address at once, and says that nothing is wrong.",
        submit="Send",
        refusals=(NoAddress,),
        of_one=False,
    )
    def send_test(self, nobody: None, form: ReasonForm, by: Actor) -> str:
        send_test(by=by, operation=str(form.cleaned_data["operation"]))
        return "The message is promised; the relay sends it within seconds."


def _changes(incident: Incident) -> list[dict[str, Any]]:
    """The newest first, each with the run that saw it and what became of its messages."""
    changes = incident.changes.select_related("alert").order_by("-pk")[:100]
    runs = {run.uid: run for run in Run.objects.filter(uid__in=[each.run for each in changes])}
    return [
        {"change": each, "run": each.run and runs.get(each.run), "deliveries": deliveries(each)}
        for each in changes
    ]


def deliveries(change: IncidentChange) -> list[dict[str, Any]]:
    """What became of each message of a change: sent when, or still in the outbox, and how there."""
    if change.alert is None:
        return []
    sent = [{"to": label, "at": at} for label, at in sorted(change.alert.sent.items())]
    waiting = OutboxMessage.objects.filter(
        effect=EFFECT, key__startswith=f"{change.alert.uid} "
    ).exclude(payload__to__in=list(change.alert.sent))
    return sent + [{"to": each.payload["to"], "message": each} for each in waiting.order_by("pk")]
