"""Tasks, and what hangs on them: counts, the streak, milestones and their celebration."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from accounts.locks import lock_wedding
from accounts.models import User, Wedding, WeddingStats
from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.transactions import transaction_required
from onboarding.catalogue import TASK_TEMPLATES, TaskTemplate, due_date, goals_met, tasks_for
from onboarding.celebration import celebrate
from onboarding.days import streak_on, today_at
from onboarding.models import Milestone, Task


class TaskNotFound(Exception):
    """No such task in this couple's wedding."""


@dataclass(frozen=True)
class Ticked:
    """What a tick changed. Nothing, when the task was in that state already."""

    changed: bool
    milestones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    done: int
    total: int


@flow("onboarding.complete_task")
def complete_task(*, task_uid: UUID, by_user: User, by: Actor) -> Ticked:
    """Tick a task of the user's own wedding; whoever ticks the last one reaches the milestone.

    Raises:
        TaskNotFound: nothing was written.
    """
    wedding = lock_wedding(by_user)
    ticked = (
        Task.objects.open()
        .filter(uid=task_uid, wedding=wedding)
        .update(status=Task.Status.DONE, completed_at=timezone.now(), completed_by=by_user)
    )
    task = _task(task_uid, wedding)
    if not ticked:
        return Ticked(changed=False)
    counts = count_again(wedding)
    _note_activity(wedding)
    reached = _reach_milestones(wedding, counts)
    audit("onboarding.task_completed", by=by, subject=task)
    return Ticked(changed=True, milestones=reached)


@flow("onboarding.undo_task")
def undo_task(*, task_uid: UUID, by_user: User, by: Actor) -> Ticked:
    """Open a task again. A milestone that it helped to reach stays reached.

    Raises:
        TaskNotFound: nothing was written.
    """
    wedding = lock_wedding(by_user)
    undone = (
        Task.objects.done()
        .filter(uid=task_uid, wedding=wedding)
        .update(status=Task.Status.OPEN, completed_at=None, completed_by=None)
    )
    task = _task(task_uid, wedding)
    if not undone:
        return Ticked(changed=False)
    count_again(wedding)
    audit("onboarding.task_undone", by=by, subject=task)
    return Ticked(changed=True)


@transaction_required
def make_tasks(*, wedding: Wedding, interests: Collection[str]) -> None:
    """Add the tasks that are missing, and give the open ones the due dates of today's answers.

    The caller holds the wedding's lock.
    """
    made = [
        _task_from(template, wedding, position)
        for position, template in enumerate(tasks_for(interests))
    ]
    _move_open_tasks(wedding)
    Task.objects.bulk_create(made, ignore_conflicts=True)
    count_again(wedding)


def _task(task_uid: UUID, wedding: Wedding) -> Task:
    try:
        return Task.objects.get(uid=task_uid, wedding=wedding)
    except Task.DoesNotExist:
        raise TaskNotFound(TaskNotFound.__doc__) from None


@transaction_required
def _move_open_tasks(wedding: Wedding) -> None:
    due = {template.slug: _due(template, wedding) for template in TASK_TEMPLATES}
    moved = []
    for task in Task.objects.open().filter(wedding=wedding, template__in=due):
        if task.due_date != due[task.template]:
            task.due_date = due[task.template]
            moved.append(task)
    if moved:
        Task.objects.bulk_update(moved, ["due_date"])


def _due(template: TaskTemplate, wedding: Wedding) -> date | None:
    return due_date(template, wedding_date=wedding.date, today=today_at(wedding))


def _task_from(template: TaskTemplate, wedding: Wedding, position: int) -> Task:
    return Task(
        wedding=wedding,
        template=template.slug,
        title=template.title,
        category=template.interest,
        due_date=_due(template, wedding),
        position=position,
    )


@transaction_required
def count_again(wedding: Wedding) -> Counts:
    """Counted, not added up: under the wedding's lock nobody else changes a task meanwhile."""
    row = Task.objects.filter(wedding=wedding).aggregate(
        total=Count("pk"), done=Count("pk", filter=Q(status=Task.Status.DONE))
    )
    WeddingStats.objects.filter(wedding=wedding).update(
        tasks_total=row["total"], tasks_done=row["done"]
    )
    return Counts(done=row["done"], total=row["total"])


@transaction_required
def _note_activity(wedding: Wedding) -> None:
    stats = WeddingStats.objects.get(wedding=wedding)
    today, last = today_at(wedding), stats.last_active_date
    WeddingStats.objects.filter(wedding=wedding).update(
        last_active_date=max(today, last or today),
        streak_days=streak_on(today, last=last, days=stats.streak_days),
    )


@transaction_required
def _reach_milestones(wedding: Wedding, counts: Counts) -> tuple[str, ...]:
    known = set(Milestone.objects.filter(wedding=wedding).values_list("key", flat=True))
    new = [
        Milestone(wedding=wedding, key=goal.key, tasks_done=counts.done, tasks_total=counts.total)
        for goal in goals_met(done=counts.done, total=counts.total)
        if goal.key not in known
    ]
    Milestone.objects.bulk_create(new)
    for milestone in new:
        celebrate(milestone, wedding=wedding)
    return tuple(milestone.key for milestone in new)
