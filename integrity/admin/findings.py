"""Findings: what is broken, in words, and what an operator may say of it."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, path

from integrity import findings, spot
from integrity.admin.exports import csv_response
from integrity.admin.finding_filters import (
    NEWLY_RESOLVED,
    WORST_FIRST,
    InvariantFilter,
    SeverityFilter,
    ViewFilter,
    identity,
    search,
)
from integrity.admin.finding_forms import (
    AssignForm,
    DismissForm,
    FindingForm,
    SnoozeForm,
    Stale,
    judged,
)
from integrity.admin.finding_words import differences, rest, sentence
from integrity.admin.pages import PageAdmin
from integrity.admin.plan_forms import PlanForFindingsForm
from integrity.admin.repair_links import repair_links
from integrity.admin.repairs import REFUSALS, planned
from integrity.admin.saga_links import link_from_finding
from integrity.admin.verbs import Led, may, verb, verb_of_selection
from integrity.audit import Actor
from integrity.invariants.declare import invariants
from integrity.models import AuditEntry, Finding, Run

ACKNOWLEDGE: dict[str, Any] = {
    "permission": "acknowledge_finding",
    "explain": "Says that somebody is on it. It stays until a check no longer sees it.",
    "submit": "Acknowledge",
    "form": FindingForm,
    "refusals": (Stale,),
}
ASSIGN = ACKNOWLEDGE | {
    "permission": "assign_finding",
    "explain": "Says whose it is; blank: nobody's.",
    "submit": "Assign",
    "form": AssignForm,
}
TAKE = ASSIGN | {"explain": "Says that it is yours.", "submit": "Take", "form": FindingForm}
SNOOZE = ACKNOWLEDGE | {
    "permission": "snooze_finding",
    "explain": "Quiet until that day. Once gone and back, it speaks again at once.",
    "submit": "Snooze",
    "form": SnoozeForm,
}
DISMISS = ACKNOWLEDGE | {
    "permission": "dismiss_finding",
    "explain": "Right as it is, whatever the invariant says, until it is judged again that day.",
    "submit": "Mark as false positive",
    "form": DismissForm,
}
REOPEN = ACKNOWLEDGE | {
    "permission": "reopen_finding",
    "explain": "Takes back what was said of it.",
    "submit": "Reopen",
}
EXPORTED = [
    *("uid", "invariant", "subject", "severity", "state", "regressed", "first_seen_at"),
    *("last_seen_at", "occurrences", "assignee", "reason", "until", "resolved_at", "evidence"),
]
STATES = Finding.State
# In which states a verb may have something to do; elsewhere it isn't offered.
OFFERED = {
    "acknowledge": (STATES.OPEN,),
    "take": tuple(set(STATES) - {STATES.RESOLVED}),
    "assign": tuple(set(STATES) - {STATES.RESOLVED}),
    "snooze": findings.SILENCEABLE,
    "dismiss": (*findings.SILENCEABLE, STATES.SUSPECTED, STATES.FALSE_POSITIVE),
    "reopen": (STATES.ACKNOWLEDGED, STATES.SNOOZED, STATES.FALSE_POSITIVE),
}


@admin.register(Finding)
class FindingAdmin(PageAdmin):
    change_list_template = "integrity/admin/findings.html"
    page = "integrity/admin/finding.html"
    list_filter = [ViewFilter, SeverityFilter, InvariantFilter]
    search_fields = ["subject"]
    search_help_text = "A finding's id, a whole subject (app.model:key) or an invariant."
    actions = [
        *("acknowledge_selected", "take_selected", "snooze_selected", "dismiss_selected"),
        "plan_selected",
    ]
    actions_detail = ["acknowledge", "take", "assign", "snooze", "dismiss", "reopen"]
    has_acknowledge_finding_permission = may("integrity.acknowledge_finding")
    has_assign_finding_permission = may("integrity.assign_finding")
    has_snooze_finding_permission = may("integrity.snooze_finding")
    has_dismiss_finding_permission = may("integrity.dismiss_finding")
    has_reopen_finding_permission = may("integrity.reopen_finding")
    has_recheck_finding_permission = may("integrity.recheck_finding")
    has_export_finding_permission = may("integrity.export_finding")
    has_plan_repair_permission = may("integrity.plan_repair")

    def get_urls(self) -> list[URLPattern]:
        more = [
            path("export/", self._page(self.export), name="integrity_finding_export"),
            path(
                "<path:object_id>/recheck/",
                self._page(self.recheck),
                name="integrity_finding_recheck",
            ),
        ]
        return [*more, *super().get_urls()]

    def _page(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return NEWLY_RESOLVED if request.GET.get("view") == "resolved" else WORST_FIRST

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (search(queryset, text) if text else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {
            "title": "Findings",
            "me": identity(request),
            "may_export": self.has_export_finding_permission(request),
        }
        return super().changelist_view(request, more | (extra_context or {}))

    def page_context(self, request: HttpRequest, target: Finding) -> dict[str, Any]:
        known = target.invariant in invariants
        same = Finding.objects.filter(subject=target.subject).exclude(pk=target.pk)
        return {
            "title": f"Finding {str(target.uid)[:8]}",
            "sentence": sentence(target),
            "saga": link_from_finding(request, target),
            "repairs": repair_links(request, target.invariant, findings=target.uid)
            if target.state != STATES.RESOLVED
            else [],
            "declared": invariants.get(target.invariant) if known else None,
            "differences": differences(target.evidence),
            "rest": rest(target.evidence),
            "others": same.order_by("-last_seen_at")[:20],
            "entries": _entries(target),
            "runs": Run.objects.filter(uid__in=[target.first_run, target.last_run]).order_by("pk"),
            "me": identity(request),
            "may_recheck": self.has_recheck_finding_permission(request),
        }

    def show(self, request: HttpRequest, target: Finding, **more: Any) -> HttpResponse:
        answer: Any = super().show(request, target, **more)
        links = answer.context_data["verbs"]
        answer.context_data["verbs"] = [
            each for each in links if target.state in OFFERED[each["name"]]
        ]
        return answer  # type: ignore[no-any-return]

    def recheck(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look at this one row, now. It changes nothing: only a complete check resolves."""
        if not self.has_recheck_finding_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        return self.show(request, target, spot=spot.check_one(target), looked=True)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered, up to 100,000 rows."""
        if not self.has_export_finding_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        return csv_response("findings", EXPORTED, rows)

    @verb(title="Acknowledge", **ACKNOWLEDGE)
    def acknowledge(self, target: Finding, form: FindingForm, by: Actor) -> str:
        shown = form.cleaned_data["shown"]
        return judged(findings.acknowledge(uids=[target.uid], by=by, versions=shown), form)

    @verb(title="Take", **TAKE)
    def take(self, target: Finding, form: FindingForm, by: Actor) -> str:
        return _assigned([target.uid], by.id, form, by)

    @verb(title="Assign", **ASSIGN)
    def assign(self, target: Finding, form: FindingForm, by: Actor) -> str:
        return _assigned([target.uid], form.cleaned_data["assignee"], form, by)

    @verb(title="Snooze", **SNOOZE)
    def snooze(self, target: Finding, form: FindingForm, by: Actor) -> str:
        return _silenced(findings.snooze, [target.uid], form, by)

    @verb(title="False positive", **DISMISS)
    def dismiss(self, target: Finding, form: FindingForm, by: Actor) -> str:
        return _silenced(findings.mark_false_positive, [target.uid], form, by)

    @verb(title="Reopen", **REOPEN)
    def reopen(self, target: Finding, form: FindingForm, by: Actor) -> str:
        shown = form.cleaned_data["shown"]
        return judged(findings.reopen(uids=[target.uid], by=by, versions=shown), form)

    @verb_of_selection(title="Acknowledge", **ACKNOWLEDGE)
    def acknowledge_selected(self, chosen: Any, form: FindingForm, by: Actor) -> str:
        shown = form.cleaned_data["shown"]
        return judged(findings.acknowledge(uids=_uids(chosen), by=by, versions=shown), form)

    @verb_of_selection(title="Take", **TAKE)
    def take_selected(self, chosen: Any, form: FindingForm, by: Actor) -> str:
        return _assigned(_uids(chosen), by.id, form, by)

    @verb_of_selection(title="Snooze", **SNOOZE)
    def snooze_selected(self, chosen: Any, form: FindingForm, by: Actor) -> str:
        return _silenced(findings.snooze, _uids(chosen), form, by)

    @verb_of_selection(title="Mark as false positive", **DISMISS)
    def dismiss_selected(self, chosen: Any, form: FindingForm, by: Actor) -> str:
        return _silenced(findings.mark_false_positive, _uids(chosen), form, by)

    @verb_of_selection(
        permission="plan_repair",
        title="Plan a repair",
        explain="Lists what would be done to the rows that these are about. It changes nothing.",
        submit="Plan it",
        form=PlanForFindingsForm,
        refusals=REFUSALS,
    )
    def plan_selected(self, chosen: Any, form: PlanForFindingsForm, by: Actor) -> Led:
        return planned(
            form.cleaned_data["repair"],
            by=by,
            subjects=list(chosen.values_list("subject", flat=True)),
            operation=str(form.cleaned_data["operation"]),
        )


def _uids(chosen: "QuerySet[Finding]") -> list[UUID]:
    return list(chosen.values_list("uid", flat=True))


def _assigned(uids: list[UUID], assignee: str, form: FindingForm, by: Actor) -> str:
    shown = form.cleaned_data["shown"]
    return judged(findings.assign(uids=uids, assignee=assignee, by=by, versions=shown), form)


def _silenced(silence: Any, uids: list[UUID], form: FindingForm, by: Actor) -> str:
    until, shown = form.cleaned_data["until"], form.cleaned_data["shown"]
    return judged(silence(uids=uids, until=until, by=by, versions=shown), form)


def _entries(finding: Finding) -> "QuerySet[AuditEntry]":
    """What was said of the finding, and done to the object that it is about."""
    subjects = [f"integrity.finding:{finding.uid}", finding.subject]
    return AuditEntry.objects.filter(subject__in=subjects).order_by("-at")[:20]
