"""Runs: who started them, what each invariant came to, and what changed since the one before."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from integrity.admin.pages import PageAdmin
from integrity.models import AuditEntry, RepairPlan, Run, RunResult
from integrity.models.runs import Severities
from integrity.repair.declare import repairs_of

WORST = {"broken": 0, "unknown": 1, "holds": 2}


@admin.register(Run)
class RunAdmin(PageAdmin):
    change_list_template = "integrity/admin/runs.html"
    page = "integrity/admin/run.html"
    list_filter = ["kind", "state", "status"]
    ordering = ["-started_at", "-pk"]

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download)
        address = path("<path:object_id>/json/", download, name="integrity_run_download")
        return [address, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Runs", **(extra_context or {})})

    def page_context(self, request: HttpRequest, target: Run) -> dict[str, Any]:
        before = previous(target)
        return {
            "title": f"Run {str(target.uid)[:8]}",
            "lines": compared(target, before),
            "plan": RepairPlan.objects.filter(run=target.uid).first(),
            "before": before,
            "entries": AuditEntry.objects.filter(subject=f"integrity.run:{target.uid}"),
            # By a script; without scripts, by itself only when it is asked to.
            "again": None if target.finished_at else 5,
            "live": "live" in request.GET,
        }

    def download(self, request: HttpRequest, object_id: str) -> JsonResponse:
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        self.refuse_strangers(request, target)
        answer = JsonResponse(document(target), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="run-{target.uid}.json"'
        return answer


def previous(run: Run) -> Run | None:
    """The check of the same scope before this one, of which there are results."""
    earlier = Run.objects.filter(
        kind=run.kind, scope=run.scope, state=Run.State.SUCCEEDED, started_at__lt=run.started_at
    )
    return earlier.order_by("-started_at").first()


def compared(run: Run, before: Run | None) -> list[dict[str, Any]]:
    """Each result beside the one before, the worst first."""
    known = {each.invariant: each for each in before.results.all()} if before else {}
    results = sorted(
        run.results.all(), key=lambda each: (WORST[each.result], -each.severity, each.invariant)
    )
    return [_line(each, known.get(each.invariant)) for each in results]


def _line(now: RunResult, before: RunResult | None) -> dict[str, Any]:
    counted = before is not None and before.count is not None and now.count is not None
    return {
        "now": now,
        "before": before,
        "change": now.count - before.count if counted else None,  # type: ignore[operator,union-attr]
        "turned": before is not None and before.result != now.result,
        "same": max(0, now.stored - now.suspected - now.new - now.regressed),
    }


def document(run: Run) -> dict[str, Any]:
    """The run as `manage.py integrity check --format json` prints it, with what the row adds."""
    return {
        "schema_version": 1,
        "run": str(run.uid),
        "kind": run.kind,
        "scope": run.scope,
        "state": run.state,
        "status": run.status,
        "complete": run.complete,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "error": run.error or None,
        "detail": run.detail,
        "invariants": [_entry(each) for each in run.results.order_by("invariant")],
    }


def _entry(each: RunResult) -> dict[str, Any]:
    names = ("result", "count", "suspected", "stored", "new", "regressed", "gone", "rows")
    return {
        "id": each.invariant,
        "severity": Severities(each.severity).label.lower(),
        **{name: getattr(each, name) for name in names},
        "seconds": round(each.seconds, 3),
        "reason": each.reason or None,
        "repair": next((repair.name for repair in repairs_of(each.invariant)), None),
    }
