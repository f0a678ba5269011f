"""The flows of `onboarding`, each as its caller makes the call, and what must come of it."""

from datetime import date

from django.db.models import F
from django.utils import timezone

from accounts.models import Profile, Wedding, WeddingStats
from integrity.drill.core import Scenario
from integrity.models import OutboxMessage
from onboarding.checklist import complete_task, undo_task
from onboarding.interests import InterestsNotSaved, replace_interests
from onboarding.models import Interest, Milestone, Task, WizardDraft
from onboarding.wizard import (
    WizardNotFinished,
    finish,
    reopen,
    save_step_one,
    save_step_two,
)
from tests.drill.facts import (
    BY,
    audits,
    couple,
    fresh_email,
    judge,
    onboarded,
    profile_of,
)
from tests.factories import INTERESTS, OnboardedCoupleFactory

OTHER_INTERESTS = ("dress", "guests", "venue")
DAY = date(2031, 5, 17)


def wedding_of(context):
    return Wedding.objects.get(members__user=context.user)


def stats_of(context):
    return WeddingStats.objects.get(wedding__members__user=context.user)


def at_step(step):
    """A couple at this step, with something typed on every page."""
    context = couple(address__verified=True, profile__step=step)
    context.version = profile_of(context).version
    WizardDraft.objects.create(user=context.user, data={"1": {}, "2": {}, "3": {}})
    return context


def draft_steps(context):
    draft = WizardDraft.objects.filter(user=context.user).first()
    return "".join(sorted(draft.data)) if draft else ""


def step_one_saved(context):
    profile, wedding = profile_of(context), wedding_of(context)
    return judge(
        step=(profile.step, 0, 1),
        names=(f"{profile.name}{profile.partner_name}", "", "AdaGrace"),
        version=(profile.version, context.version, context.version + 1),
        wedding=((wedding.date, wedding.place), (None, ""), (DAY, "Oslo")),
        draft=(draft_steps(context), "123", "23"),
        audit=(audits(context.user), 0, 1),
    )


STEP_ONE = Scenario(
    name="save_step_one",
    flows=("onboarding.save_step_one",),
    setup=lambda: at_step(0),
    act=lambda context: save_step_one(
        user=context.user,
        name="Ada",
        partner_name="Grace",
        date=DAY,
        date_undecided=False,
        place="Oslo",
        time_zone="Europe/Oslo",
        version=context.version,
        by=BY,
        operation=context.operation,
    ),
    whole=step_one_saved,
)


def interests(context):
    """(what is stored, what pages show when the prune failed)."""
    stored = Interest.objects.filter(user=context.user).values_list("category", flat=True)
    wanted = profile_of(context).interests_wanted
    return sorted(stored), sorted(wanted) if wanted is not None else None


def settled(context, new):
    """The state of the set, told by (is, was, shall be). A failed prune is soft: the new ones are
    in, and the wanted set says which of them are."""
    now = interests(context)
    if now == (sorted({*context.interests, *new}), sorted(new)):
        now = (sorted(new), None)
    return now, (sorted(context.interests), None), (sorted(new), None)


def stale(context):
    return ["onboarding.no_interest_is_stale"] if interests(context)[1] is not None else []


def prune_leftovers():
    """What the repair does with a set that couldn't be pruned, so that no shot sees another's."""
    Interest.objects.filter(user__profile__interests_wanted__isnull=False).exclude(
        user__profile__interests_wanted__contains=[F("category")]
    ).delete()
    Profile.objects.filter(interests_wanted__isnull=False).update(interests_wanted=None)


def choosing(step):
    prune_leftovers()
    context = at_step(step)
    context.interests = INTERESTS if step >= 2 else ()
    return context


def step_two_saved(step):
    def whole(context):
        profile = profile_of(context)
        facts = {"step": (profile.step, 1, 2)} if step == 1 else {}
        return judge(
            interests=settled(context, OTHER_INTERESTS),
            version=(profile.version > context.version, False, True),
            draft=(draft_steps(context), "123", "13"),
            audit=(audits(context.user), 0, 1),
            **facts,
        )

    return whole


def step_two(name, step):
    return Scenario(
        name=name,
        flows=("onboarding.save_step_two",),
        setup=lambda: choosing(step),
        act=lambda context: save_step_two(
            user=context.user,
            categories=OTHER_INTERESTS,
            version=context.version,
            by=BY,
            operation=context.operation,
        ),
        whole=step_two_saved(step),
        refusals=(InterestsNotSaved,),
        excused=stale,
    )


STEP_TWO = step_two("save_step_two", 1)
STEP_TWO_AGAIN = step_two("save_step_two, again", 2)


def finished(context):
    profile, stats = profile_of(context), stats_of(context)
    tasks = Task.objects.filter(wedding__members__user=context.user).count()
    return judge(
        step=(profile.step, 2, 3),
        onboarded=(profile.onboarded_at is not None, False, True),
        tasks=(tasks, 0, 24),
        stats=(stats.tasks_total, 0, 24),
        draft=(draft_steps(context), "123", ""),
        audit=(audits(context.user), 0, 1),
    )


FINISH = Scenario(
    name="finish",
    flows=("onboarding.finish",),
    setup=lambda: at_step(2),
    act=lambda context: finish(
        user=context.user, version=context.version, by=BY, operation=context.operation
    ),
    whole=finished,
)


def with_tasks(context, *, done=0, total=4):
    wedding = wedding_of(context)
    context.tasks = Task.objects.bulk_create(_task(wedding, done=n < done) for n in range(total))
    WeddingStats.objects.filter(wedding=wedding).update(tasks_total=total, tasks_done=done)
    return context


def _task(wedding, *, done):
    if done:
        return Task(wedding=wedding, title="Done", status="done", completed_at=timezone.now())
    return Task(wedding=wedding, title="To do")


def reopened(context):
    profile = profile_of(context)
    return judge(
        step=(profile.step, 3, 0),
        onboarded=(profile.onboarded_at is not None, True, False),
        audit=(audits(context.user), 0, 1),
    )


REOPEN = Scenario(
    name="reopen",
    flows=("onboarding.reopen",),
    setup=lambda: with_tasks(onboarded()),
    act=lambda context: reopen(user=context.user, by=BY),
    whole=reopened,
    done_before=(WizardNotFinished,),
)


def replaced(context):
    return judge(interests=settled(context, OTHER_INTERESTS), audit=(audits(context.user), 0, 1))


def with_interests():
    prune_leftovers()
    context = with_tasks(onboarded())
    context.interests = INTERESTS
    return context


REPLACE = Scenario(
    name="replace_interests",
    flows=("onboarding.replace_interests",),
    setup=with_interests,
    act=lambda context: replace_interests(
        user=context.user, categories=OTHER_INTERESTS, by=BY, operation=context.operation
    ),
    whole=replaced,
    refusals=(InterestsNotSaved,),
    excused=stale,
)


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
        audit=(audits(task), 0, 1),
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

SCENARIOS = [
    STEP_ONE,
    STEP_TWO,
    STEP_TWO_AGAIN,
    FINISH,
    REOPEN,
    REPLACE,
    COMPLETE_TASK,
    UNDO_TASK,
]
