"""Choose again, after the wizard."""

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.actors import acting
from integrity.flows import AlreadyDone, Busy
from onboarding.forms import InterestsForm
from onboarding.interests import InterestsNotSaved, replace_interests, wanted_interests
from onboarding.views.access import CoupleRequest, couple_required


@require_http_methods(["GET", "HEAD", "POST"])
@couple_required
def interests(request: CoupleRequest) -> HttpResponseBase:
    if request.method == "POST":
        return _save(request)
    return _page(request, InterestsForm(initial={"categories": wanted_interests(request.user)}))


def _page(request: CoupleRequest, form: InterestsForm, *, status: int = 200) -> HttpResponseBase:
    return render(request, "onboarding/interests.html", {"form": form}, status=status)


def _save(request: CoupleRequest) -> HttpResponseBase:
    form = InterestsForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        replace_interests(
            user=request.user,
            **form.answers(),
            by=acting(request.user),
            operation=form.operation_key(),
        )
    except AlreadyDone:
        pass  # A second click: what it asked for is there.
    except (Busy, InterestsNotSaved, DatabaseError):
        form.add_error(None, InterestsNotSaved.message)
        return _page(request, form, status=503)
    messages.success(request, "Your choice is saved.")
    return redirect("onboarding_home")
