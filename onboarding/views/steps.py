"""The three steps as pages: their forms, what they show, what they save."""

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils import formats

from accounts.actors import acting
from accounts.models import Profile, User, Wedding
from onboarding.catalogue import label_of, tasks_for
from onboarding.forms import FinishForm, StepForm, StepOneForm, StepTwoForm
from onboarding.interests import wanted_interests
from onboarding.wizard import finish, save_step_one, save_step_two


class Step:
    number: ClassVar[int]
    title: ClassVar[str]
    form_class: ClassVar[type[StepForm]]

    @property
    def template(self) -> str:
        return f"onboarding/step{self.number}.html"

    def save(self, *, user: User, form: Any) -> None:
        raise NotImplementedError

    def more(self, user: User) -> dict[str, object]:
        """What the page shows besides its form."""
        return {}


class YouTwo(Step):
    number = 1
    title = "You two"
    form_class = StepOneForm

    def save(self, *, user: User, form: Any) -> None:
        save_step_one(
            user=user,
            **form.answers(),
            version=form.cleaned_data["version"],
            by=acting(user),
            operation=form.operation_key(),
        )


class WhatMatters(Step):
    number = 2
    title = "What matters"
    form_class = StepTwoForm

    def save(self, *, user: User, form: Any) -> None:
        save_step_two(
            user=user,
            **form.answers(),
            version=form.cleaned_data["version"],
            by=acting(user),
            operation=form.operation_key(),
        )


class Review(Step):
    number = 3
    title = "Review"
    form_class = FinishForm

    def save(self, *, user: User, form: Any) -> None:
        finish(
            user=user,
            version=form.cleaned_data["version"],
            by=acting(user),
            operation=form.operation_key(),
        )

    def more(self, user: User) -> dict[str, object]:
        interests = wanted_interests(user)
        return {
            "review": _review(
                Profile.objects.get(user=user),
                Wedding.objects.get(members__user=user),
                ", ".join(map(label_of, interests)),
            ),
            "task_count": len(tasks_for(interests)),
        }


STEPS: Mapping[int, Step] = {step.number: step for step in (YouTwo(), WhatMatters(), Review())}


def progress(*, current: int, done: int) -> list[dict[str, object]]:
    """The steps as the page's navigation shows them; those beyond the first open one have no link."""
    return [
        {
            "number": step.number,
            "title": step.title,
            "url": address_of(step.number) if step.number <= done + 1 else None,
            "state": _state(step.number, current=current, done=done),
        }
        for step in STEPS.values()
    ]


def address_of(number: int) -> str:
    return reverse("onboarding_step", args=[number])


def both_values(
    form: forms.Form, *, mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Rows for the page that shows what somebody else saved beside what was typed."""
    return [
        {
            "label": str(form[name].label),
            "mine": in_words(mine.get(name)),
            "theirs": in_words(theirs[name]),
        }
        for name in theirs
    ]


def in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(map(label_of, value))
    if isinstance(value, datetime.date):
        return formats.date_format(value, "j F Y")
    return str(value or "")


def _state(number: int, *, current: int, done: int) -> str:
    if number == current:
        return "current"
    return "done" if number <= done else "todo"


def _review(profile: Profile, wedding: Wedding, interests: str) -> list[dict[str, str]]:
    day = in_words(wedding.date) or "Not decided yet"
    first, second = address_of(1), address_of(2)
    return [
        {"label": "You", "value": profile.name, "url": first},
        {"label": "Your partner", "value": profile.partner_name, "url": first},
        {"label": "The day", "value": day, "url": first},
        {"label": "Where", "value": wedding.place, "url": first},
        {"label": "Time zone", "value": wedding.time_zone.replace("_", " "), "url": first},
        {"label": "What matters", "value": interests, "url": second},
    ]
