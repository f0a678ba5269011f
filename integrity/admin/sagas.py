"""Sagas: operations over several systems, how far each is, and what a person may do with it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, path

from integrity.admin.exports import csv_response
from integrity.admin.finding_filters import identity
from integrity.admin.pages import PageAdmin
from integrity.admin.saga_filters import OF_WHAT_ENDED, KindFilter, ViewFilter, search
from integrity.admin.saga_forms import ResolveForm, SagaForm
from integrity.admin.saga_page import lines, page_context, preview
from integrity.admin.verbs import NOTHING_CHANGED, ReasonForm, may, verb
from integrity.audit import Actor
from integrity.flows import Busy
from integrity.models import Saga
from integrity.saga import control
from integrity.saga.control import NoReason, NotFound
from integrity.saga.lawful import Refused, lawful
from integrity.saga.probing import probe
from integrity.saga.revealing import reveal

REFUSALS = (Refused, NotFound, NoReason)
VERB: dict[str, Any] = {"form": SagaForm, "refusals": REFUSALS}
GOES_ON = "It is due; a worker takes it within seconds."
EXPORTED = [
    *("uid", "kind", "version", "subject", "state", "attention", "parked_from", "position"),
    *("wait", "wake_at", "attempts", "error_class", "error", "pivot_at", "cancelled_at"),
    *("actor_kind", "actor_id", "reason", "created_at", "updated_at", "finished_at"),
]


def ahead_of(name: str) -> Callable[[Saga], Mapping[str, Any]]:
    return lambda saga: {"panel": preview(saga, name)}


@admin.register(Saga)
class SagaAdmin(PageAdmin):
    change_list_template = "integrity/admin/sagas.html"
    page = "integrity/admin/saga.html"
    list_filter = [ViewFilter, KindFilter]
    search_fields = ["subject"]
    search_help_text = "A saga's id or its beginning, or a whole subject."
    actions_detail = [
        *("retry", "resume", "skip_timer", "run_now", "retry_with_new_key", "mark_done"),
        *("skip_undo", "compensate", "pause", "resolve", "tidied", "reveal"),
    ]
    has_pause_saga_permission = may("integrity.pause_saga")
    has_resume_saga_permission = may("integrity.resume_saga")
    has_run_saga_permission = may("integrity.run_saga")
    has_skip_timer_permission = may("integrity.skip_timer")
    has_cancel_saga_permission = may("integrity.cancel_saga")
    has_retry_saga_permission = may("integrity.retry_saga")
    has_renew_saga_key_permission = may("integrity.renew_saga_key")
    has_probe_saga_permission = may("integrity.probe_saga")
    has_mark_step_permission = may("integrity.mark_step")
    has_skip_undo_permission = may("integrity.skip_undo")
    has_resolve_saga_permission = may("integrity.resolve_saga")
    has_tidy_saga_permission = may("integrity.tidy_saga")
    has_reveal_saga_permission = may("integrity.reveal_saga")
    has_export_saga_permission = may("integrity.export_saga")

    def get_urls(self) -> list[URLPattern]:
        site, probing = self.admin_site, "<path:object_id>/probe/"
        more = [
            path("export/", site.admin_view(self.export), name="integrity_saga_export"),
            path(probing, site.admin_view(self.probe), name="integrity_saga_probe"),
        ]
        return [*more, *super().get_urls()]

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
        more = {"title": "Sagas", "may_export": self.has_export_saga_permission(request)}
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
        return answer  # type: ignore[no-any-return]

    def probe(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask each of its systems how things are there; nothing is changed."""
        if not self.has_probe_saga_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        self.refuse_strangers(request, target)
        reason = request.POST.get("reason", "")[:500]
        by = Actor("operator", identity(request), reason, via="admin")
        try:
            found: dict[str, Any] = {"observed": probe(saga=target.uid, by=by)}
        except REFUSALS as error:
            found = {"probe_problem": str(error)}
        except Busy:
            found = {"probe_problem": NOTHING_CHANGED}
        return self.show(request, target, probed=True, **found)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered, up to 100,000 rows."""
        if not self.has_export_saga_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        return csv_response("sagas", EXPORTED, rows)

    @verb(
        permission="retry_saga",
        title="Try again",
        explain="Tries again what it stands still for: all tries anew, and the same key.",
        submit="Try again",
        words=ahead_of("retry"),
        **VERB,
    )
    def retry(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.retry(**form.seen(), by=by)
        return GOES_ON

    @verb(
        permission="renew_saga_key",
        title="Try again with a new key",
        explain="Only where the provider repeats an old answer to the old key, and a look there"
        " says that the step isn't done. Where it is, it is done twice.",
        submit="Try again with a new key",
        words=ahead_of("retry_with_new_key"),
        **VERB,
    )
    def retry_with_new_key(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.retry(**form.seen(), by=by, new_key=True)
        return GOES_ON

    @verb(
        permission="resume_saga",
        title="Resume",
        explain="Goes on where it was paused.",
        submit="Resume",
        words=ahead_of("resume"),
        **VERB,
    )
    def resume(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.resume(**form.seen(), by=by)
        return GOES_ON

    @verb(
        permission="run_saga",
        title="Run now",
        explain="Doesn't wait for the next try. What it waits for as planned, it still waits for.",
        submit="Run now",
        words=ahead_of("run_now"),
        **VERB,
    )
    def run_now(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.run_now(**form.seen(), by=by)
        return GOES_ON

    @verb(
        permission="skip_timer",
        title="End the waiting",
        explain="The time that it waits for is over now.",
        submit="End the waiting",
        words=ahead_of("skip_timer"),
        **VERB,
    )
    def skip_timer(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.skip_timer(**form.seen(), by=by)
        return GOES_ON

    @verb(
        permission="mark_step",
        title="Mark the step as done",
        explain="Says that you have seen for yourself that it is done. It isn't called again, and"
        " the saga goes on behind it.",
        submit="Mark the step as done",
        words=ahead_of("mark_done"),
        **VERB,
    )
    def mark_done(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.mark_done(**form.seen(), by=by)
        return GOES_ON

    @verb(
        permission="skip_undo",
        title="Give the undo up",
        explain="What couldn't be taken back stays as it is; the rest is still taken back.",
        submit="Give the undo up",
        words=ahead_of("skip_undo"),
        **VERB,
    )
    def skip_undo(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.skip_undo(**form.seen(), by=by)
        return GOES_ON

    @verb(
        permission="cancel_saga",
        title="Take it back",
        explain="Takes back what was done so far. Then it doesn't go forward any more.",
        submit="Take it back",
        words=ahead_of("compensate"),
        **VERB,
    )
    def compensate(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.compensate(**form.seen(), by=by)
        return "It is being taken back; a worker takes it within seconds."

    @verb(
        permission="pause_saga",
        title="Pause",
        explain="Nothing more is called until somebody resumes it.",
        submit="Pause",
        words=ahead_of("pause"),
        **VERB,
    )
    def pause(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.pause(**form.seen(), by=by)
        return "Paused."

    @verb(
        permission="resolve_saga",
        title="End it",
        explain="Ends it as it stands: a person has done, or will do, the rest. What was sealed for"
        " it is forgotten. It can't be begun again.",
        submit="End it as it stands",
        words=ahead_of("resolve"),
        **VERB | {"form": ResolveForm},
    )
    def resolve(self, target: Saga, form: ResolveForm, by: Actor) -> str:
        left = form.cleaned_data["left_behind"]
        control.resolve(**form.seen(), by=by, left_behind=left)
        return f"Ended. {len(left)} of its effects become findings." if left else "Ended."

    @verb(
        permission="tidy_saga",
        title="It is tidied up",
        explain="Says that what it had left behind is gone, as you have seen for yourself.",
        submit="It is tidied up",
        words=ahead_of("tidied"),
        **VERB,
    )
    def tidied(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.tidied(**form.seen(), by=by)
        return "Noted. The next check resolves the findings."

    @verb(
        permission="reveal_saga",
        title="Reveal",
        explain="Shows you for ten minutes how things were before, which an undo puts back. That"
        " you looked, and why, is kept.",
        submit="Reveal",
        words=ahead_of("reveal"),
        refusals=REFUSALS,
    )
    def reveal(self, target: Saga, form: ReasonForm, by: Actor) -> str:
        reveal(saga=target.uid, by=by)
        return "You see it for ten minutes."
