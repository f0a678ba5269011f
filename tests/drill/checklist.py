"""Tasks that are ticked and undone."""

from integrity.drill.core import Scenario
from integrity.models import OutboxMessage
from onboarding.checklist import complete_task, undo_task
from onboarding.models import Milestone, Task
from tests.drill.facts import (
    BY,
    DAY,
    audits,
    fresh_email,
    judge,
    onboarded,
    stats_of,
    wedding_of,
    with_tasks,
)
from tests.factories import OnboardedCoupleFactory


def with_a_partner():
    """Two people, four tasks and none done: the next tick is the first task and a quarter."""
    context = with_tasks(onboarded())
    OnboardedCoupleFactory(email=fresh_email(), wedding=wedding_of(context))
    return context


def celebrations(context):
    prefix = f"milestone:{wedding_of(context).uid}:"
    return OutboxMessage.objects.filter(key__startswith=prefix).count()


def ticked(context):
    stats = stats_of(context)
    task = Task.objects.get(pk=context.tasks[0].pk)
    reached = Milestone.objects.filter(wedding__members__user=context.user).distinct()
    return judge(
        task=((task.status, task.completed_by), ("open", None), ("done", context.user)),
        done=(stats.tasks_done, 0, 1),
        streak=(stats.streak_days, 0, 1),
        milestones=(sorted(each.key for each in reached), [], ["first_task", "quarter"]),
        celebrations=(celebrations(context), 0, 4),
        audit=(audits(task), 0, context.audits),
    )


COMPLETE_TASK = Scenario(
    name="complete_task",
    flows=("onboarding.complete_task",),
    setup=with_a_partner,
    act=lambda context: complete_task(task_uid=context.tasks[0].uid, by_user=context.user, by=BY),
    whole=ticked,
)


def with_a_done_task():
    context = with_tasks(onboarded(stats__streak_days=1, stats__last_active_date=DAY), done=1)
    for key in ("first_task", "quarter"):
        Milestone.objects.create(wedding=wedding_of(context), key=key, tasks_done=1, tasks_total=4)
    return context


def undone(context):
    task = Task.objects.get(pk=context.tasks[0].pk)
    return judge(
        task=(task.status, "done", "open"),
        done=(stats_of(context).tasks_done, 1, 0),
        milestones=(Milestone.objects.filter(wedding=task.wedding).count(), 2, 2),
        audit=(audits(task), 0, 1),
    )


UNDO_TASK = Scenario(
    name="undo_task",
    flows=("onboarding.undo_task",),
    setup=with_a_done_task,
    act=lambda context: undo_task(task_uid=context.tasks[0].uid, by_user=context.user, by=BY),
    whole=undone,
)

SCENARIOS = [COMPLETE_TASK, UNDO_TASK]
