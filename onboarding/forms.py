"""What couples type. A form that comes twice is one submission."""

import datetime
import hashlib
import json
import unicodedata
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from onboarding.catalogue import FEWEST_INTERESTS, INTERESTS
from onboarding.days import day_in, time_zones
from onboarding.interests import InterestsRefused, check_interests

# Browsers bring hidden values back to life on a reload unless told not to.
_HIDDEN = {"autocomplete": "off"}
FARTHEST_YEARS = 10
# Persian and Indian scripts are written with these joiners; NUL has a message of its own.
_NOT_REFUSED = "\u200c\u200d\0"


def refuse_invisible(text: str) -> None:
    """Control and format characters: some turn the rest of a page or a mail around."""
    if any(unicodedata.category(each) in {"Cc", "Cf"} for each in set(text) - {*_NOT_REFUSED}):
        raise ValidationError(
            "There is an invisible character in this. Type it instead of pasting it.",
            code="invisible",
        )


class Submission(forms.Form):
    """Carries the id of one filling-in, so that a second click isn't a second one."""

    operation = forms.UUIDField(
        required=False, initial=uuid4, widget=forms.HiddenInput(attrs=_HIDDEN)
    )

    def operation_key(self) -> str:
        """The same for the same answers only: the Back button sends an old id with new answers."""
        answers = {name: value for name, value in self.cleaned_data.items() if name != "operation"}
        written = json.dumps(answers, sort_keys=True, default=str)
        digest = hashlib.sha256(written.encode()).hexdigest()[:16]
        return f"{self.cleaned_data['operation'] or uuid4()}:{digest}"

    def answers(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"operation", "version"}
        }

    def typed(self) -> dict[str, Any]:
        """The answers as they came, valid or not, fit to be kept as a draft."""
        return {
            name: _storable(self[name].data)
            for name in self.fields
            if name not in {"operation", "version"}
        }


class StepForm(Submission):
    """A step of the wizard. `version` tells whether the answers changed since the page was opened."""

    version = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        widget=forms.HiddenInput(attrs=_HIDDEN),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            "This page is too old to be saved. Open the step again.",
        ),
    )


class StepOneForm(StepForm):
    name = forms.CharField(
        max_length=100,
        validators=[refuse_invisible],
        label="Your first name",
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"required": "Enter your first name."},
    )
    partner_name = forms.CharField(
        max_length=100,
        validators=[refuse_invisible],
        label="Your partner's first name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter your partner's first name."},
    )
    date = forms.DateField(
        required=False,
        label="Date",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Enter a date such as 2027-06-19."},
    )
    date_undecided = forms.BooleanField(required=False, label="We have not decided yet")
    place = forms.CharField(
        required=False, max_length=200, validators=[refuse_invisible], label="Where"
    )
    time_zone = forms.ChoiceField(
        required=False,
        label="Your time zone",
        choices=lambda: [(name, name.replace("_", " ")) for name in time_zones()],
    )

    def clean_time_zone(self) -> str:
        return self.cleaned_data["time_zone"] or "UTC"

    def clean(self) -> None:
        if "date" not in self.cleaned_data:
            return
        date, undecided = self.cleaned_data["date"], self.cleaned_data.get("date_undecided")
        if date and undecided:
            self.add_error("date", "Either there is a date, or it isn't decided yet.")
        if not date and not undecided:
            self.add_error("date", "Enter the date, or say that it isn't decided yet.")
        # A day that was accepted once is not refused because time has passed.
        if date and date != self.initial.get("date"):
            self._check_day(date)

    def _check_day(self, day: datetime.date) -> None:
        today = day_in(self.cleaned_data.get("time_zone", "UTC"), at=timezone.now())
        if day < today:
            self.add_error("date", "This day is over. Enter a date that is still to come.")
        if (day.year - FARTHEST_YEARS, day.month, day.day) > (today.year, today.month, today.day):
            self.add_error("date", "This day is more than ten years away. Check the year.")


class InterestsForm(Submission):
    categories = forms.MultipleChoiceField(
        label="What matters to you",
        # The label of an option is the interest itself, so that a page can show its blurb.
        choices=[(interest.slug, interest) for interest in INTERESTS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": f"Choose at least {FEWEST_INTERESTS}. You have chosen none.",
            "invalid_choice": "There is no such interest: %(value)s.",
        },
    )

    def clean_categories(self) -> list[str]:
        try:
            return check_interests(self.cleaned_data["categories"])
        except InterestsRefused as refused:
            raise ValidationError(str(refused), code=refused.code) from refused


class StepTwoForm(InterestsForm, StepForm):
    pass


class FinishForm(StepForm):
    pass


def _storable(value: Any) -> Any:
    """PostgreSQL's JSON has no NUL, and nobody types more than a field takes."""
    if isinstance(value, list):
        return [_storable(item) for item in value[: len(INTERESTS)]]
    return value.replace("\0", "")[:200] if isinstance(value, str) else value
