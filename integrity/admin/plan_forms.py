"""What the verbs of repairs ask: why, and what was looked at."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms

from integrity.admin.base import ReasonInput
from integrity.admin.verbs import LARGEST_SELECTION, ReasonForm
from integrity.models import Finding, RepairPlan
from integrity.repair.declare import Obstacle, repairs, repairs_of

# More is planned in a shell: a page has to answer before the browser gives up.
PLANNED_AT_MOST, PLANNED = 100_000, 10_000


class PlanForm(ReasonForm):
    """`version` and `hash` are what the page showed of the plan: nobody approves anything else."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    hash = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound and isinstance(self.target, RepairPlan):
            self.initial["version"] = self.target.version
            self.initial["hash"] = self.target.hash

    def seen(self) -> dict[str, Any]:
        return {"plan": self.target.uid, "version": self.cleaned_data["version"]}

    def operation_key(self) -> str:
        return str(self.cleaned_data["operation"])


class ApplyForm(PlanForm):
    """Where something is in the way that may be passed, the person types what it says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.typed = [each for each in obstacles_of(self.target) if each.confirm]
        for number, each in enumerate(self.typed):
            self.fields[f"confirm_{number}"] = _Typed(each)

    @property
    def confirmed(self) -> list[str]:
        return [self.cleaned_data[f"confirm_{number}"] for number in range(len(self.typed))]


class _Typed(forms.CharField):
    def __init__(self, obstacle: Obstacle) -> None:
        self.expected = obstacle.confirm
        super().__init__(
            label=f"Type “{obstacle.confirm}”", help_text=obstacle.text, widget=ReasonInput
        )

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if typed != self.expected:
            raise forms.ValidationError(f"To go on all the same, type: {self.expected}")
        return typed


def obstacles_of(plan: RepairPlan) -> list[Obstacle]:
    """What is in the way of it now."""
    return repairs.get(plan.repair).obstacles() if plan.repair in repairs else []


class NewPlanForm(ReasonForm):
    """`findings` narrows the plan to what these are about."""

    prefilled = ("findings",)
    findings = forms.CharField(widget=forms.HiddenInput, required=False)
    limit = forms.IntegerField(
        label="Rows at most",
        min_value=1,
        max_value=PLANNED_AT_MOST,
        initial=PLANNED,
        widget=ReasonInput,
        help_text=f"Violating rows, up to {PLANNED_AT_MOST:,}; the rest is for the next plan.",
    )
    field_order = ["limit", "reason"]

    def clean_findings(self) -> Collection[str] | None:
        """The keys of the rows; None where it names no findings, so that all are meant."""
        if not self.cleaned_data["findings"]:
            return None
        written = self.cleaned_data["findings"].split(",")
        try:
            asked = [UUID(each) for each in written[:LARGEST_SELECTION]]
        except ValueError:
            raise forms.ValidationError("Open the page again.") from None
        found = Finding.objects.filter(uid__in=asked, invariant=self._invariant())
        subjects = list(found.values_list("subject", flat=True))
        if len(subjects) != len(asked):
            raise forms.ValidationError("A finding is gone, or of another invariant.")
        return subjects

    def _invariant(self) -> str:
        return repairs.get(self.target.name).invariant


class PlanForFindingsForm(ReasonForm):
    """`target` are findings; which repair is asked where their invariant has several."""

    repair = forms.ChoiceField(widget=forms.Select)
    field_order = ["repair", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = sorted(set(self.target.order_by().values_list("invariant", flat=True)))
        known = repairs_of(self.names[0]) if len(self.names) == 1 else []
        field: Any = self.fields["repair"]
        field.choices = [(each.name, f"{each.name}: {each.statement}") for each in known]

    def clean(self) -> None:
        if len(self.names) != 1:
            raise forms.ValidationError("Choose findings of one invariant: a repair mends one.")
        field: Any = self.fields["repair"]
        if not field.choices:
            raise forms.ValidationError(f"No repair is declared for {self.names[0]}.")
