"""The couple's home: days to go, what to do next, how far they are."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import acting
from accounts.models import Wedding, WeddingStats
from onboarding.catalogue import INTERESTS, MILESTONES
from onboarding.checklist import TaskNotFound, complete_task, undo_task
from onboarding.days import days_left, zone_of
from onboarding.interests import wanted_interests
from onboarding.models import Milestone, Task
from onboarding.views.access import CoupleRequest, CoupleView, couple_required

NEXT = 3


def ticks(view: CoupleView[[UUID]]) -> Callable[..., HttpResponseBase]:
    """Only a POST changes a task. A log-in in between, or a look again, comes as a GET: home."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @couple_required
    @wraps(view)
    def wrapper(request: CoupleRequest, uid: UUID) -> HttpResponseBase:
        return view(request, uid) if request.method == "POST" else redirect("onboarding_home")

    return wrapper


@require_safe
@couple_required
def home(request: CoupleRequest) -> HttpResponseBase:
    wedding = Wedding.objects.select_related("stats").get(members__user=request.user)
    open_tasks = list(Task.objects.open().filter(wedding=wedding).next_first())
    wanted = wanted_interests(request.user)
    context = {
        "wedding": wedding,
        "days_left": days_left(wedding),
        "next_tasks": open_tasks[:NEXT],
        "open_tasks": open_tasks[NEXT:],
        "done_tasks": list(Task.objects.done().filter(wedding=wedding).last_done_first()),
        "stats": wedding.stats,
        "milestones": _milestones(wedding, wedding.stats),
        "interests": [interest for interest in INTERESTS if interest.slug in wanted],
        "operation": uuid4(),
    }
    with timezone.override(zone_of(wedding.time_zone)):
        return render(request, "onboarding/home.html", context)


@ticks
def task_done(request: CoupleRequest, uid: UUID) -> HttpResponseBase:
    try:
        ticked = complete_task(task_uid=uid, by_user=request.user, by=acting(request.user))
    except TaskNotFound:
        raise Http404 from None
    for goal in MILESTONES:
        if goal.key in ticked.milestones:
            messages.success(request, f"A milestone: {goal.title.lower()}. Well done, you two.")
    return redirect("onboarding_home")


@ticks
def task_undo(request: CoupleRequest, uid: UUID) -> HttpResponseBase:
    try:
        undo_task(task_uid=uid, by_user=request.user, by=acting(request.user))
    except TaskNotFound:
        raise Http404 from None
    return redirect("onboarding_home")


def _milestones(wedding: Wedding, stats: WeddingStats) -> list[dict[str, object]]:
    reached = dict(Milestone.objects.filter(wedding=wedding).values_list("key", "reached_at"))
    return [
        {
            "title": goal.title,
            "reached_at": reached.get(goal.key),
            "threshold": goal.tasks_needed(stats.tasks_total),
        }
        for goal in MILESTONES
    ]
