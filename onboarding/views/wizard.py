"""One address per step: show it, save it, keep what was typed."""

import logging
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Profile, User
from integrity.flows import AlreadyDone, Busy
from integrity.log import log_event
from onboarding.drafts import draft_of, save_draft
from onboarding.forms import StepForm
from onboarding.interests import InterestsNotSaved, InterestsRefused
from onboarding.views.access import CoupleRequest, couple_required
from onboarding.views.steps import STEPS, Step, address_of, both_values, progress
from onboarding.wizard import (
    AnswerRefused,
    StaleVersion,
    StepNotReached,
    WizardFinished,
    saved_answers,
)

logger = logging.getLogger(__name__)
NOT_SAVED = "We couldn't save this just now. Nothing was changed. Try again in a moment."
LOOK_AGAIN = "Your answers were changed in the meantime. Have another look."


@require_http_methods(["GET", "HEAD", "POST"])
@couple_required
def show_step(request: CoupleRequest, number: int) -> HttpResponseBase:
    step = _step(number)
    profile = request.user.profile
    if profile.onboarded_at is not None or number > profile.step + 1:
        return redirect(place_of(request.user))
    if request.method == "POST":
        return _save(request, step)
    return _page(request, step, _fresh_form(request.user, step))


@require_POST
@couple_required
def keep_draft(request: CoupleRequest, number: int) -> HttpResponseBase:
    """Autosave, Back, and Save and finish later: kept as typed, valid or not."""
    step = _step(number)
    form = _sent_form(request, step)
    typed = form.typed()
    kept = (
        not typed
        or save_draft(user=request.user, step=number, data=typed, version=_version(form))
        or (form.is_valid() and form.answers() == saved_answers(request.user, step=number))
    )
    match request.POST.get("then"):
        case "back" | "later" if not kept and request.user.profile.onboarded_at is None:
            return _conflict(
                request, step, mine=typed | (form.answers() if form.is_valid() else {})
            )
        case "back":
            return redirect("onboarding_step", max(number - 1, 1))
        case "later":
            messages.success(request, "Kept. Go on whenever you like, on any device.")
            return redirect("accounts_home")
    return HttpResponse(status=204 if kept else 409)


def place_of(user: User) -> str:
    """Where a couple goes on: the first open step, or home."""
    profile = Profile.objects.get(user=user)
    if profile.onboarded_at is not None:
        return resolve_url("onboarding_home")
    return address_of(profile.step + 1)


def _step(number: int) -> Step:
    try:
        return STEPS[number]
    except KeyError:
        raise Http404 from None


def _fresh_form(user: User, step: Step) -> StepForm:
    # The version was read before the answers: if they change in between, the save is refused.
    answers = saved_answers(user, step=step.number)
    typed = draft_of(user, step=step.number) or {}
    return step.form_class(initial=answers | typed | {"version": user.profile.version})


def _sent_form(request: CoupleRequest, step: Step) -> StepForm:
    """It knows what is saved, because an answer that stays as it is may have become impossible."""
    return step.form_class(request.POST, initial=saved_answers(request.user, step=step.number))


def _version(form: StepForm) -> int:
    form.is_valid()
    version: int = form.cleaned_data.get("version", -1)
    return version


def _page(request: CoupleRequest, step: Step, form: StepForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "step": step.number,
        "steps": progress(current=step.number, done=request.user.profile.step),
        **step.more(request.user),
    }
    return render(request, step.template, context, status=status)


def _save(request: CoupleRequest, step: Step) -> HttpResponseBase:
    form = _sent_form(request, step)
    if not form.is_valid():
        return _page(request, step, form)
    try:
        step.save(user=request.user, form=form)
    except (AlreadyDone, StepNotReached, WizardFinished):
        return redirect(place_of(request.user))
    except StaleVersion as stale:
        return _conflict(request, step, mine=stale.mine)
    except (AnswerRefused, InterestsRefused) as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return _page(request, step, form)
    except (Busy, InterestsNotSaved, DatabaseError) as error:
        return _not_saved(request, step, form, error)
    return redirect(place_of(request.user))


def _not_saved(
    request: CoupleRequest, step: Step, form: StepForm, error: Exception
) -> HttpResponse:
    """The page as it was, with what was typed: the whole was rolled back."""
    log_event(
        logger,
        logging.ERROR,
        "onboarding.step_not_saved",
        user=str(request.user.uid),
        step=step.number,
        error=type(error.__cause__ or error).__name__,
    )
    form.add_error(None, str(error) if isinstance(error, InterestsNotSaved) else NOT_SAVED)
    return _page(request, step, form, status=503)


def _conflict(request: CoupleRequest, step: Step, *, mine: Mapping[str, Any]) -> HttpResponse:
    """Both values, and a form that saves the typed ones after all."""
    request.user.profile.refresh_from_db()
    version = request.user.profile.version
    theirs = saved_answers(request.user, step=step.number)
    if not theirs:
        messages.warning(request, LOOK_AGAIN)
        return _page(request, step, _fresh_form(request.user, step), status=409)
    form = step.form_class(initial={**mine, "version": version})
    context = {
        "form": form,
        "rows": both_values(form, mine=mine, theirs=theirs),
        "url": address_of(step.number),
    }
    return render(request, "onboarding/conflict.html", context, status=409)
