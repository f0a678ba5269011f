"""Repair plans: what would be done to each row, its approval, its work, its result and its undo."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import URLPattern, path

from integrity.admin.finding_filters import identity
from integrity.admin.pages import CappedPaginator, PageAdmin
from integrity.admin.plan_forms import ApplyForm, PlanForm, obstacles_of
from integrity.admin.plan_page import (
    awaits_its_check,
    check_after,
    helpless,
    is_revealed,
    planner_waits,
    states_of,
    undo_panel,
)
from integrity.admin.plan_words import changes, in_words, no_undo, pace, rules, stages, totals
from integrity.admin.verbs import NOTHING_CHANGED, may, verb
from integrity.audit import Actor, subject_of
from integrity.flows import Busy
from integrity.models import AuditEntry, PlannedChange, RepairPlan
from integrity.registry import UnknownName
from integrity.repair import control
from integrity.repair.approve import approve
from integrity.repair.declare import repairs
from integrity.repair.errors import NotFound, Refused
from integrity.repair.preview import note_reveal
from integrity.repair.queueing import apply_later, resume_later, undo_later
from integrity.repair.standing import count_changes, sentence, standing_of
from integrity.repair.trial import try_out

State, ChangeState = RepairPlan.State, PlannedChange.State
ROWS = 25
VERB: dict[str, Any] = {"form": PlanForm, "refusals": (Refused, NotFound, UnknownName)}
STOPS = "Stops after the chunk in hand. What is done is whole."
FORCED = (
    "For a process that is surely gone: one that still lives would stop at its next chunk. There"
    " was no sign of life for five minutes."
)


class StateNow(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in State.choices]

    def queryset(self, request: HttpRequest, plans: Any) -> Any:
        return plans.that_are(self.value()) if self.value() in State.values else plans


@admin.register(RepairPlan)
class RepairPlanAdmin(PageAdmin):
    change_list_template = "integrity/admin/plans.html"
    page = "integrity/admin/plan.html"
    list_filter = [StateNow, "repair", "kind"]
    ordering = ["-created_at", "-pk"]
    actions_detail = [
        *("apply", "approve", "resume", "pause", "undo", "cancel"),
        *("force_pause", "force_cancel", "reveal"),
    ]
    has_approve_repair_permission = may("integrity.approve_repair")
    has_apply_repair_permission = may("integrity.apply_repair")
    has_try_repair_permission = may("integrity.try_repair")
    has_pause_repair_permission = may("integrity.pause_repair")
    has_resume_repair_permission = may("integrity.resume_repair")
    has_cancel_repair_permission = may("integrity.cancel_repair")
    has_force_repair_permission = may("integrity.force_repair")
    has_undo_repair_permission = may("integrity.undo_repair")
    has_reveal_repair_permission = may("integrity.reveal_repair")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.trial)
        place = path("<path:object_id>/trial/", view, name="integrity_repairplan_trial")
        return [place, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Repair plans", **(extra_context or {})})

    def show(self, request: HttpRequest, target: RepairPlan, **more: Any) -> HttpResponse:
        answer: Any = super().show(request, target, **more)
        context = answer.context_data
        offered = {*context["now"].verbs(), *([] if context["revealed"] else ["reveal"])}
        context["waits_for_another"] = "approve" in offered and planner_waits(target, request)
        offered -= {"approve"} if context["waits_for_another"] else set()
        context["verbs"] = [each for each in context["verbs"] if each["name"] in offered]
        context["may_try"] = "trial" in offered and self.has_try_repair_permission(request)
        return answer  # type: ignore[no-any-return]

    def page_context(self, request: HttpRequest, target: RepairPlan) -> dict[str, Any]:
        now = standing_of(target)
        known = target.repair in repairs
        return {
            "title": f"Plan {str(target.uid)[:8]}",
            "now": now,
            "sentence": sentence(now),
            "state": "expired" if now.expired else now.run_state if now.active else target.state,
            "stages": stages(target),
            "totals": totals(target),
            "rules": rules(now),
            "no_undo": no_undo(target),
            "obstacles": obstacles_of(target)
            if target.state in (State.DRAFT, State.APPROVED)
            else [],
            "pace": pace(now),
            "declared": repairs.get(target.repair) if known else None,
            "helpless": helpless(target) if now.waiting and not now.unclaimed else "",
            "entries": AuditEntry.objects.filter(subject=subject_of(target)).order_by("-pk")[:20],
            "checked": check_after(now),
            # By a script; without scripts, by itself only when it is asked to.
            "again": 5 if now.working or awaits_its_check(now) else None,
            "live": "live" in request.GET,
            **self._changes(request, target),
        }

    def _changes(self, request: HttpRequest, target: RepairPlan) -> dict[str, Any]:
        revealed = self.has_reveal_repair_permission(request) and is_revealed(target, request)
        rows = PlannedChange.objects.filter(plan=target).order_by("position", "step")
        state = request.GET.get("state", "")
        rows = rows.filter(state=state) if state in ChangeState.values else rows
        pages = CappedPaginator(rows, ROWS)
        here = pages.get_page(request.GET.get("p", 1))
        return {
            "revealed": revealed,
            "here": here,
            "pages": pages,
            "chosen_state": state,
            "states": states_of(target),
            "changes": list(changes(target, list(here.object_list), as_is=bool(revealed))),
        }

    def trial(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Apply it, ask every invariant, roll all of it back, and show what it came to."""
        if not self.has_try_repair_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        self.refuse_strangers(request, target)
        by = Actor("operator", identity(request), "a trial", via="admin")
        try:
            found: dict[str, Any] = {"trial": try_out(plan=target.uid, by=by)}
        except (Refused, UnknownName) as error:
            found = {"trial_problem": str(error)}
        except Busy:
            found = {"trial_problem": NOTHING_CHANGED}
        return self.show(request, target, tried=True, **found)

    @verb(
        permission="approve_repair",
        title="Approve",
        explain="",
        submit="Approve",
        words=lambda plan: {
            "description": f"{in_words(plan)}. You sign for exactly these changes; nothing is"
            f" changed before somebody applies them. {no_undo(plan)}",
            "submit": f"Approve {count_changes(plan.changes)}",
        },
        **VERB,
    )
    def approve(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        signed = form.cleaned_data["hash"]
        approve(**form.seen(), hash=signed, by=by, operation=form.operation_key())
        return "Approved. Whoever may apply it can do so now."

    @verb(
        permission="apply_repair",
        title="Apply",
        explain="",
        submit="Apply",
        words=lambda plan: {
            "description": f"{in_words(plan)}. A worker does it in the background, and checks the"
            f" invariant afterwards. {no_undo(plan)}",
            "submit": in_words(plan),
        },
        **VERB | {"form": ApplyForm},
    )
    def apply(self, target: RepairPlan, form: ApplyForm, by: Actor) -> str:
        apply_later(**form.seen(), by=by, confirmed=form.confirmed, operation=form.operation_key())
        return f"It is queued. {helpless(target) or 'A worker takes it within seconds.'}"

    @verb(
        permission="resume_repair",
        title="Resume",
        explain="Goes on behind the last chunk that was committed, in the background.",
        submit="Resume",
        **VERB,
    )
    def resume(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        resume_later(**form.seen(), by=by, operation=form.operation_key())
        return f"It is queued. {helpless(target) or 'A worker takes it within seconds.'}"

    @verb(
        permission="pause_repair",
        title="Pause",
        explain=f"{STOPS} It can be resumed.",
        submit="Pause",
        **VERB,
    )
    def pause(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        run = control.pause(**form.seen(), by=by)
        return "Paused." if run.state == "paused" else "It stops after the chunk in hand."

    @verb(
        permission="cancel_repair",
        title="Cancel",
        explain=f"{STOPS} It stays, and can be undone; the rest is given up for good.",
        submit="Give the plan up",
        **VERB,
    )
    def cancel(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        plan = control.cancel(**form.seen(), by=by)
        given_up = plan.state == State.CANCELLED
        return "Given up." if given_up else "It stops after the chunk in hand."

    @verb(
        permission="force_repair",
        title="Force a pause",
        explain=FORCED,
        submit="Force a pause",
        **VERB,
    )
    def force_pause(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        control.pause(**form.seen(), by=by, force=True)
        return "Paused. What was committed is whole."

    @verb(
        permission="force_repair",
        title="Force the end",
        explain=FORCED,
        submit="Force the end",
        **VERB,
    )
    def force_cancel(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        control.cancel(**form.seen(), by=by, force=True)
        return "Given up. What was committed is whole, and stays."

    @verb(
        permission="undo_repair",
        title="Undo",
        explain="",
        submit="Undo",
        words=lambda plan: {
            "description": "A worker puts back, in the background, what still is as the repair"
            " left it, and checks the invariant afterwards: expect it to be broken as before.",
            "submit": f"Put back {count_changes(plan.applied - plan.undone - plan.conflicts)}",
            "panel": render_to_string("integrity/admin/includes/undo.html", undo_panel(plan)),
        },
        **VERB,
    )
    def undo(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        undo_later(**form.seen(), by=by, operation=form.operation_key())
        return f"The undo is queued. {helpless(target) or 'A worker takes it within seconds.'}"

    @verb(
        permission="reveal_repair",
        title="Reveal",
        explain="Shows you the values for ten minutes. That you looked, and why, is kept.",
        submit="Reveal",
        **VERB,
    )
    def reveal(self, target: RepairPlan, form: PlanForm, by: Actor) -> str:
        note_reveal(plan=target.uid, by=by)
        return "You see the values for ten minutes."
