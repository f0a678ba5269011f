"""Repairs: what is declared to mend what, what runs by itself, and the way to a plan."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from integrity import dashboard
from integrity.admin.pages import PageAdmin
from integrity.admin.plan_forms import NewPlanForm
from integrity.admin.verbs import Led, ReasonForm, may, verb
from integrity.audit import Actor
from integrity.conf import config
from integrity.dashboard import Latest
from integrity.models import AuditEntry, Repair, RepairPlan, UnattendedRepair
from integrity.registry import UnknownName
from integrity.repair.declare import Repair as Declared
from integrity.repair.declare import repairs
from integrity.repair.errors import Refused
from integrity.repair.plan import plan_repair
from integrity.repair.unattended import NEVER, allow_unattended, forbid_unattended

REFUSALS = (Refused, UnknownName)
UNATTENDED = (
    "From now on it is planned, approved in your name and applied after each sweep that finds"
    " something for it: within its limit, never while the check is in doubt or something is in the"
    " way. Each time it is audited as allowed by you."
)


@admin.register(Repair)
class RepairAdmin(PageAdmin):
    page = "integrity/admin/repair.html"
    actions_detail = ["plan", "allow", "forbid"]
    has_plan_repair_permission = may("integrity.plan_repair")
    has_allow_unattended_repair_permission = may("integrity.allow_unattended_repair")
    has_forbid_unattended_repair_permission = may("integrity.forbid_unattended_repair")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        return Repair(name=object_id) if object_id in repairs else None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.refuse_strangers(request)
        latest, allowed = dashboard.latest_results(), _allowed()
        context = {
            "title": "Repairs",
            "lines": [_line(each, latest, allowed) for each in repairs],
            "may_plan": self.has_plan_repair_permission(request),
            "plans": RepairPlan.objects.order_by("-pk")[:5],
        }
        return self.answer(request, "integrity/admin/repairs.html", context)

    def show(self, request: HttpRequest, target: Repair, **more: Any) -> HttpResponse:
        answer: Any = super().show(request, target, **more)
        line = answer.context_data["line"]
        idle = {"forbid" if not line["allowed"] else "allow"} | (
            {"allow"} if line["never"] else set()
        )
        links = answer.context_data["verbs"]
        answer.context_data["verbs"] = [each for each in links if each["name"] not in idle]
        return answer  # type: ignore[no-any-return]

    def page_context(self, request: HttpRequest, target: Repair) -> dict[str, Any]:
        declared = repairs.get(target.name)
        entries = AuditEntry.objects.filter(subject=f"integrity.unattendedrepair:{target.name}")
        return {
            "title": target.name,
            "declared": declared,
            "line": _line(declared, dashboard.latest_results(), _allowed()),
            "limit": declared.max_affected,
            "second_person": config().second_person,
            "obstacles": declared.obstacles(),
            "plans": RepairPlan.objects.filter(repair=target.name).order_by("-pk")[:20],
            "entries": entries.order_by("-pk")[:20],
        }

    @verb(
        permission="plan_repair",
        title="Plan a repair",
        explain="",
        submit="Plan it",
        form=NewPlanForm,
        refusals=REFUSALS,
        words=lambda target: {
            "description": f"{repairs.get(target.name).statement} A plan lists what would be done"
            " to each row. It changes nothing."
        },
    )
    def plan(self, target: Repair, form: NewPlanForm, by: Actor) -> Led:
        return planned(
            target.name,
            by=by,
            subjects=form.cleaned_data["findings"],
            limit=form.cleaned_data["limit"],
            operation=str(form.cleaned_data["operation"]),
        )

    @verb(
        permission="allow_unattended_repair",
        title="Let it run unattended",
        explain=UNATTENDED,
        submit="Let it run unattended",
        refusals=REFUSALS,
        words=lambda target: {"description": f"{_preview(target.name)} {UNATTENDED}"},
    )
    def allow(self, target: Repair, form: ReasonForm, by: Actor) -> str:
        allow_unattended(repair=target.name, by=by)
        return "It runs after each sweep that finds something for it."

    @verb(
        permission="forbid_unattended_repair",
        title="Forbid unattended runs",
        explain="From now on somebody has to plan, approve and apply it.",
        submit="Forbid unattended runs",
        refusals=REFUSALS,
    )
    def forbid(self, target: Repair, form: ReasonForm, by: Actor) -> str:
        forbid_unattended(repair=target.name, by=by)
        return "It no longer runs by itself."


def planned(repair: str, **options: Any) -> Led:
    plan = plan_repair(repair=repair, **options)
    url = reverse("admin:integrity_repairplan_change", args=[plan.pk])
    return Led("Planned. Nothing is changed yet: look at what would be.", url)


def _allowed() -> dict[str, UnattendedRepair]:
    return {each.repair: each for each in UnattendedRepair.objects.order_by("repair")}


def _line(
    declared: Declared, latest: dict[str, Latest], allowed: dict[str, UnattendedRepair]
) -> dict[str, Any]:
    return {
        "declared": declared,
        "latest": latest.get(declared.invariant),
        "allowed": allowed.get(declared.name),
        "never": _why_never(declared),
    }


def _why_never(declared: Declared) -> str:
    if declared.irreversible:
        return "never, as it cannot be undone"
    return f"never, as it is of the kind {declared.kind}" if declared.kind in NEVER else ""


def _preview(name: str) -> str:
    """What it would do if the next sweep found what the last check found."""
    declared = repairs.get(name)
    last = dashboard.latest_results().get(declared.invariant)
    rows, percent = declared.max_affected
    found = "was never made" if last is None else f"came to: {last.result}"
    if last is not None and last.count:
        found += f", {last.count:,} rows"
    return (
        f"{declared.statement} The last check {found}. Its limit is {rows:,} rows, or {percent:g} %"
        " of a table of 100 rows and more."
    )
