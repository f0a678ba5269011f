"""What the verbs of sagas ask: why, and what was looked at."""

from typing import Any

from django import forms

from integrity.admin.base import TicksInput
from integrity.admin.verbs import ReasonForm
from integrity.models import Saga, SagaStep
from integrity.saga.lawful import steps_to_judge
from integrity.saga.preview import declared_of

Status = SagaStep.Status
WITHOUT_EFFECT = (Status.PENDING, Status.SKIPPED, Status.UNDONE)
MAKES_NONE = ("timer", "verify", "pivot")


class SagaForm(ReasonForm):
    """`version` is what the preview was made of: nobody decides about anything else."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound and isinstance(self.target, Saga):
            self.initial["version"] = self.target.fence

    def clean_version(self) -> int:
        version: int = self.cleaned_data["version"]
        # A form that comes back is about what the preview above it shows by then.
        sent: Any = self.data
        shown = sent.copy()
        shown[self.add_prefix("version")] = self.target.fence
        self.data = shown
        return version

    def seen(self) -> dict[str, Any]:
        return {"saga": self.target.uid, "version": self.cleaned_data["version"]}


class ResolveForm(SagaForm):
    left_behind = forms.MultipleChoiceField(
        label="What stays and shouldn't",
        required=False,
        widget=TicksInput,
        help_text="Each that is ticked becomes a finding, until somebody says that it is tidied up.",
    )
    field_order = ["left_behind", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps, field = with_effects(self.target), self.fields["left_behind"]
        field.choices = [(each.name, _title(self.target, each)) for each in steps]  # type: ignore[attr-defined]
        self.initial["left_behind"] = [each.name for each in steps if _is_half(self.target, each)]


def with_effects(saga: Saga) -> list[SagaStep]:
    """Of whose effect something may stand."""
    begun = saga.steps.exclude(status__in=WITHOUT_EFFECT).exclude(kind__in=MAKES_NONE)
    return list(begun.order_by("position"))


def _is_half(saga: Saga, step: SagaStep) -> bool:
    """Before the point of no return nothing should stand of what isn't complete."""
    return saga.pivot_at is None or step.pk in [each.pk for each in steps_to_judge(saga)]


def _title(saga: Saga, step: SagaStep) -> str:
    declared = declared_of(saga)
    known = declared.step(step.name) if declared else None
    where = f" at {step.provider}" if step.provider else ""
    return f"{known.label if known else step.name}{where}: {step.get_status_display().lower()}"
