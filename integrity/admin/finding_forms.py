"""What the verbs of findings ask: why, until when, whose."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from integrity.admin.base import DateInput, ReasonInput
from integrity.admin.verbs import LARGEST_SELECTION, ReasonForm
from integrity.findings import LONGEST
from integrity.models import Finding


class Stale(Exception):
    """Nothing was changed: somebody else was faster, or it is in no state for this. Look again."""


class FindingForm(ReasonForm):
    """`shown` is what the page showed of each finding, so that two tabs don't overrule each other.

    The findings themselves are never taken from it.
    """

    shown = forms.JSONField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial["shown"] = {str(each.uid): each.version for each in self.targets()}

    def targets(self) -> list[Finding]:
        if isinstance(self.target, Finding):
            return [self.target]
        return list(self.target.order_by("pk")[:LARGEST_SELECTION])

    def clean_shown(self) -> Mapping[UUID, int]:
        shown = self.cleaned_data["shown"]
        try:
            return {UUID(uid): int(version) for uid, version in shown.items()}
        except (AttributeError, TypeError, ValueError):
            raise forms.ValidationError("Open the page again.") from None


class _Until(FindingForm):
    """Ends at the end of that day (UTC)."""

    longest = 0
    until = forms.DateField(widget=DateInput)
    field_order = ["until", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = self._today() + timedelta(days=self.longest)
        self.fields["until"].help_text = f"At most {self.longest} days: {last:%Y-%m-%d}."

    def _today(self) -> date:
        return timezone.now().astimezone(UTC).date()

    def clean_until(self) -> datetime:
        day: date = self.cleaned_data["until"]
        if not 0 < (day - self._today()).days <= self.longest:
            raise forms.ValidationError(f"A day from tomorrow on, at most {self.longest} ahead.")
        return datetime.combine(day, time(), UTC)


class SnoozeForm(_Until):
    longest = LONGEST[Finding.State.SNOOZED].days


class DismissForm(_Until):
    longest = LONGEST[Finding.State.FALSE_POSITIVE].days


class AssignForm(FindingForm):
    assignee = forms.CharField(
        max_length=100,
        required=False,
        widget=ReasonInput,
        help_text="A person's id or a team's name.",
    )
    field_order = ["assignee", "reason"]


def judged(changed: int, form: FindingForm) -> str:
    """What to tell the operator. Raises Stale: nothing was changed."""
    of = len(form.cleaned_data["shown"])
    if not changed:
        raise Stale(Stale.__doc__)
    if changed == of:
        return "Done." if of == 1 else f"Done: {changed} findings."
    return f"{changed} of {of} were changed. The others changed meanwhile, and were left alone."
