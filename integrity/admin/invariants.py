"""What must hold: each declared invariant, how it is looked for, and how it went."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import sqlparse
from django.contrib import admin
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone

from integrity import charts, dashboard
from integrity.admin.pages import PageAdmin, verb_links
from integrity.admin.repair_links import repair_links
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor
from integrity.conf import config
from integrity.dashboard import Trend
from integrity.invariants.declare import Invariant as Declared
from integrity.invariants.declare import Observation, invariants
from integrity.leases import AlreadyRunning
from integrity.markdown import blocks
from integrity.models import Finding, Invariant, RepairPlan, Run, RunResult
from integrity.queued import queue_check
from integrity.runbooks import page_of
from integrity.transactions import snapshot

DAYS = 90
QUEUE: dict[str, Any] = {
    "permission": "run_check",
    "submit": "Check now",
    "refusals": (AlreadyRunning,),
}
QUEUED = "The check is queued; a worker takes it within seconds. Look at the runs."
QUEUED_FOR_CRON = (
    "The check is queued, and nothing rings here when one is. It is made by the next"
    " `manage.py integrity queued`, or given up after a quarter of an hour."
)


@admin.register(Invariant)
class InvariantAdmin(PageAdmin):
    page = "integrity/admin/invariant.html"
    actions_list = ["check_all"]
    actions_detail = ["check_now"]
    has_run_check_permission = may("integrity.run_check")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        return Invariant(name=object_id) if object_id in invariants else None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.runbook)
        place = path("<path:object_id>/runbook/", view, name="integrity_invariant_runbook")
        return [place, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.refuse_strangers(request)
        context = {
            "title": "Invariants",
            "lines": _lines(),
            "verbs": verb_links(self, request, self.actions_list),
        }
        return self.answer(request, "integrity/admin/invariants.html", context)

    def page_context(self, request: HttpRequest, target: Invariant) -> dict[str, Any]:
        declared = invariants.get(target.name)
        findings = Finding.objects.filter(invariant=target.name).exclude(state="resolved")
        results = RunResult.objects.filter(invariant=target.name).select_related("run")
        return {
            "title": target.name,
            "repairs": repair_links(request, target.name),
            "plans": RepairPlan.objects.filter(invariant=target.name).order_by("-pk")[:5],
            "declared": declared,
            "severity": int(declared.severity),
            "query": explained(declared),
            "results": list(results.order_by("-at")[:20]),
            "findings": findings.order_by("-severity", "-last_seen_at", "-id")[:20],
            "active": Run.objects.filter(finished_at=None, scope__in=["all", target.name]),
            **_charts(dashboard.trend(target.name, days=DAYS)),
        }

    @verb(
        title="Check all now",
        explain="Looks at every invariant, in the background.",
        of_one=False,
        **QUEUE,
    )
    def check_all(self, nobody: None, form: ReasonForm, by: Actor) -> str:
        queue_check(names=[], by=by)
        return _queued()

    @verb(title="Check now", explain="Looks at every row, in the background.", **QUEUE)
    def check_now(self, target: Invariant, form: ReasonForm, by: Actor) -> str:
        queue_check(names=[target.name], by=by)
        return _queued()

    def runbook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What to do when it is broken, as it is written in the project."""
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        self.refuse_strangers(request, target)
        page = page_of(invariants.get(target.name).runbook)
        if page.address:
            return HttpResponseRedirect(page.address)
        context = {
            "title": f"What to do: {target.name}",
            "target": target,
            "page": page,
            "blocks": blocks(page.text),
        }
        return self.answer(request, "integrity/admin/runbook.html", context)


def _queued() -> str:
    return QUEUED if config().check_doorbell else QUEUED_FOR_CRON


def explained(declared: Declared) -> dict[str, str]:
    """The SQL that is sent, and what the planner makes of it; no row is read."""
    if isinstance(declared, Observation):
        return {}
    try:
        with snapshot(statement_timeout=5.0):
            rows = declared.violations().values("pk")
            sql, parameters = rows.query.sql_with_params()
            return {
                "sql": _with_values(sql, parameters),
                "plan": rows.explain(),
            }
    except Error as error:
        return {"problem": str(error).partition("\n")[0]}


def _with_values(sql: str, parameters: Sequence[Any]) -> str:
    operations: Any = connection.ops
    return str(sqlparse.format(operations.compose_sql(sql, parameters), reindent=True))


def _lines() -> list[dict[str, Any]]:
    latest = dashboard.latest_results()
    found = {each.invariant: each for each in dashboard.open_findings()}
    return [
        {
            "declared": each,
            "severity": int(each.severity),
            "latest": latest.get(each.name),
            "found": found.get(each.name),
            "app": each.name.partition(".")[0],
        }
        for each in invariants
    ]


def _charts(days: list[Trend]) -> dict[str, Any]:
    span: dict[str, Any] = {"days": DAYS, "today": timezone.now().astimezone(UTC).date()}
    return {
        "counts": charts.by_day(days, _count, **span),
        "durations": charts.by_day(days, lambda day: [("info", day.seconds)], **span),
    }


def _count(day: Trend) -> Sequence[tuple[str, float]]:
    if day.unknown and day.most is None:
        return [("warn", 0)]
    return [("bad" if day.broken else "ok", day.most or 0)]
