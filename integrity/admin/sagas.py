"""Sagas: operations over several systems, how far each is, and what a person may do with it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import URLPattern, path

from integrity.admin.exports import csv_response
from integrity.admin.finding_filters import identity
from integrity.admin.pages import verb_links
from integrity.admin.saga_filters import OF_WHAT_ENDED, KindFilter, ViewFilter, search
from integrity.admin.saga_kinds import KindVerbs, paused_kinds
from integrity.admin.saga_page import lines, page_context
from integrity.admin.saga_verbs import REFUSALS, SagaVerbs
from integrity.admin.verbs import NOTHING_CHANGED
from integrity.audit import Actor
from integrity.flows import Busy
from integrity.markdown import blocks
from integrity.models import Saga
from integrity.runbooks import page_of, rollback_of
from integrity.saga.history import history
from integrity.saga.lawful import lawful
from integrity.saga.probing import Observed, probe
from integrity.saga.verifying import verify

Ask = Callable[..., Sequence[Observed]]
EXPORTED = [
    *("uid", "kind", "version", "subject", "state", "attention", "parked_from", "position"),
    *("wait", "wake_at", "attempts", "error_class", "error", "pivot_at", "cancelled_at"),
    *("actor_kind", "actor_id", "reason", "created_at", "updated_at", "finished_at"),
]


@admin.register(Saga)
class SagaAdmin(SagaVerbs, KindVerbs):
    change_list_template = "integrity/admin/sagas.html"
    page = "integrity/admin/saga.html"
    list_filter = [ViewFilter, KindFilter]
    search_fields = ["subject"]
    search_help_text = "A saga's id or its beginning, or a whole subject."

    def get_urls(self) -> list[URLPattern]:
        step = "<path:object_id>/rollback/<str:step>/"
        more = [
            self._place("export", "export/", self.export),
            self._place("probe", "<path:object_id>/probe/", self.probe),
            self._place("verify", "<path:object_id>/verify/", self.verify),
            self._place("history", "<path:object_id>/history/", self.history),
            self._place("rollback", step, self.rollback),
        ]
        return [*more, *super().get_urls()]

    def _place(self, name: str, route: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
        return path(route, self.admin_site.admin_view(view), name=f"integrity_saga_{name}")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # Of the states under way, `attention` is the first in the alphabet.
        newest = ("-created_at", "-pk")
        return newest if request.GET.get("view") in OF_WHAT_ENDED else ("state", *newest)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        text = search_term.strip()
        return (search(queryset, text) if text else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        paused = paused_kinds()
        offered = [each for each in self.actions_list if paused or each != "resume_kind"]
        more = {
            "title": "Sagas",
            "verbs": verb_links(self, request, offered),
            "may_export": self.has_export_saga_permission(request),
            "may_resume_kind": self.has_resume_kind_permission(request),
            "paused_kinds": paused,
        }
        answer: Any = super().changelist_view(request, more | (extra_context or {}))
        context = getattr(answer, "context_data", None) or {}
        if "cl" in context:
            context["lines"] = lines(context["cl"].result_list)
        return answer  # type: ignore[no-any-return]

    def page_context(self, request: HttpRequest, target: Saga) -> dict[str, Any]:
        may_reveal = self.has_reveal_saga_permission(request)
        return page_context(request, target, may_reveal=may_reveal)

    def show(self, request: HttpRequest, target: Saga, **more: Any) -> HttpResponse:
        answer: Any = super().show(request, target, **more)
        context, allowed = answer.context_data, lawful(target)
        offered = [each for each in allowed if each != "reveal" or not context["revealed"]]
        context["verbs"] = [each for each in context["verbs"] if each["name"] in offered]
        context["may_probe"] = "probe" in offered and self.has_probe_saga_permission(request)
        context["may_verify"] = "verify" in offered and self.has_verify_saga_permission(request)
        context["may_export"] = self.has_export_saga_permission(request)
        return answer  # type: ignore[no-any-return]

    def probe(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask each of its systems how things are there; nothing is changed."""
        return self._look(request, object_id, probe, allowed=self.has_probe_saga_permission)

    def verify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same of one that has ended; what is left becomes a finding."""
        return self._look(request, object_id, verify, allowed=self.has_verify_saga_permission)

    def _look(
        self, request: HttpRequest, object_id: str, ask: Ask, *, allowed: Callable[..., bool]
    ) -> HttpResponse:
        if not allowed(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        target = self._seen(request, object_id)
        reason = request.POST.get("reason", "")[:500]
        by = Actor("operator", identity(request), reason, via="admin")
        try:
            found: dict[str, Any] = {"observed": ask(saga=target.uid, by=by)}
        except REFUSALS as error:
            found = {"probe_problem": str(error)}
        except Busy:
            found = {"probe_problem": NOTHING_CHANGED}
        return self.show(request, target, probed=True, **found)

    def rollback(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        """What one of its steps does and how it is undone, as it is written in the project."""
        target = self._seen(request, object_id)
        if not target.steps.filter(name=step).exists():
            raise Http404
        page = page_of(rollback_of(target.kind, step))
        if page.address:
            return HttpResponseRedirect(page.address)
        context = {
            "title": f"How it is undone: {step}",
            "target": target,
            "page": page,
            "blocks": blocks(page.text),
        }
        return self.answer(request, "integrity/admin/saga_rollback.html", context)

    def history(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Its whole course as a file, without anything personal."""
        if not self.has_export_saga_permission(request):
            raise PermissionDenied
        target = self._seen(request, object_id)
        answer = JsonResponse(history(target), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="saga-{target.uid}.json"'
        return answer

    def _seen(self, request: HttpRequest, object_id: str) -> Saga:
        target: Saga | None = self.get_object(request, object_id)
        if target is None:
            raise Http404
        self.refuse_strangers(request, target)
        return target

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered, up to 100,000 rows."""
        if not self.has_export_saga_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        return csv_response("sagas", EXPORTED, rows)
