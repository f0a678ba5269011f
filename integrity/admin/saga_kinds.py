"""Stop all sagas of a kind, and let them go on: verbs of the list of sagas."""

from typing import Any

from django import forms
from django.db.models import Count

from integrity.admin.pages import PageAdmin
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor
from integrity.models import PausedKind, Saga
from integrity.saga.control import NoReason, NotFound
from integrity.saga.kinds import kinds, pause_kind, resume_kind
from integrity.saga.lawful import Refused

REFUSALS = (Refused, NotFound, NoReason)


class KindForm(ReasonForm):
    """Of each kind it says how many it is about."""

    prefilled = ("kind",)
    kind = forms.ChoiceField()
    field_order = ["kind", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        under_way = dict(
            Saga.objects.filter(finished_at=None).values_list("kind").annotate(Count("pk"))
        )
        choices = [
            (kind, f"{kind} ({under_way.get(kind, 0):,} under way)") for kind in self.kinds()
        ]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]

    def kinds(self) -> list[str]:
        paused = {each.kind for each in paused_kinds()}
        return [kind for kind in kinds() if kind not in paused]


class PausedKindForm(KindForm):
    def kinds(self) -> list[str]:
        return [each.kind for each in paused_kinds()]


def paused_kinds() -> list[PausedKind]:
    return list(PausedKind.objects.order_by("kind"))


class KindVerbs(PageAdmin):
    actions_list = ["pause_kind", "resume_kind"]
    has_pause_kind_permission = may("integrity.pause_kind")
    has_resume_kind_permission = may("integrity.resume_kind")

    @verb(
        permission="pause_kind",
        title="Pause a kind",
        explain="No worker takes up a saga of this kind until somebody resumes it. A call that is"
        " under way ends and is recorded. What is asked for meanwhile waits as well; nothing is"
        " lost, and nobody is refused.",
        submit="Pause all of this kind",
        form=KindForm,
        refusals=REFUSALS,
        of_one=False,
    )
    def pause_kind(self, target: None, form: KindForm, by: Actor) -> str:
        kind = pause_kind(kind=form.cleaned_data["kind"], by=by).kind
        return f"All of {kind} are paused."

    @verb(
        permission="resume_kind",
        title="Resume a kind",
        explain="Goes on with all of this kind, those first that are under way.",
        submit="Resume all of this kind",
        form=PausedKindForm,
        refusals=REFUSALS,
        of_one=False,
    )
    def resume_kind(self, target: None, form: PausedKindForm, by: Actor) -> str:
        kind = form.cleaned_data["kind"]
        resume_kind(kind=kind, by=by)
        return f"All of {kind} go on; a worker takes the first within seconds."
