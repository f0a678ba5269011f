"""Steps, interests and tasks that may meet, and what must be true however they do."""

from uuid import uuid4

from accounts.models import Address
from integrity.drill.interleave import Pair
from integrity.flows import AlreadyDone
from onboarding.checklist import complete_task, undo_task
from onboarding.interests import replace_interests
from onboarding.models import Milestone, Task
from onboarding.wizard import StaleVersion, finish, save_step_one
from tests.drill.checklist import celebrations
from tests.drill.facts import (
    BY,
    DAY,
    fresh_email,
    onboarded,
    profile_of,
    stats_of,
    wedding_of,
    with_tasks,
)
from tests.drill.pairs_accounts import confirm_change
from tests.drill.verdicts import answered, expect
from tests.drill.wizard import OTHER_INTERESTS, at_step, interests, prune_leftovers
from tests.factories import OnboardedCoupleFactory

STEP_AND_CHANGE = Pair(
    name="a step saved and the e-mail address changed",
    setup=lambda: at_step_one_changing(),
    first=lambda context: save_step(context, name="Ada"),
    second=confirm_change,
    verdict=lambda context, first, second: (
        answered(first, second, (None, None))
        or expect(
            email=(profile_of(context).email, context.new_email),
            name=(profile_of(context).name, "Ada"),
        )
    ),
)


def at_step_one_changing():
    context = at_step(0)
    Address.objects.create(user=context.user, email=context.new_email)
    return context


def save_step(context, *, name, user=None):
    save_step_one(
        user=user or context.user,
        name=name,
        partner_name="",
        date=DAY,
        date_undecided=False,
        place=name,
        time_zone="UTC",
        version=context.version,
        by=BY,
        operation=str(uuid4()),
    )


# The wizard

TWO_TABS_STEP = Pair(
    name="the same step from two tabs",
    setup=lambda: at_step(0),
    first=lambda context: save_step(context, name="Ada"),
    second=lambda context: save_step(context, name="Eve"),
    verdict=lambda context, first, second: (
        answered(first, second, (None, StaleVersion))
        or expect(
            name=(profile_of(context).name, "Eve" if first.error else "Ada"),
            place=(wedding_of(context).place, profile_of(context).name),
        )
    ),
    alike=True,
)


def finish_once_more(context):
    finish(user=context.user, version=context.version, by=BY, operation=str(uuid4()))


FINISH_TWICE = Pair(
    name="finished from two tabs",
    setup=lambda: at_step(2),
    first=finish_once_more,
    second=finish_once_more,
    verdict=lambda context, first, second: (
        answered(first, second, (None, AlreadyDone))
        or expect(
            tasks=(Task.objects.filter(wedding=wedding_of(context)).count(), 24),
            counted=(stats_of(context).tasks_total, 24),
        )
    ),
    alike=True,
)

THIRD_INTERESTS = ("honeymoon", "stationery", "ceremony")


def two_tabs_interests():
    prune_leftovers()
    return with_tasks(onboarded())


def replace_by(categories):
    return lambda context: replace_interests(
        user=context.user, categories=categories, by=BY, operation=str(uuid4())
    )


def one_of_the_sets(context, first, second):
    whole = [(sorted(OTHER_INTERESTS), None), (sorted(THIRD_INTERESTS), None)]
    wrong = "" if interests(context) in whole else f"interests: {interests(context)}"
    return wrong or answered(first, second, (None, None))


TWO_TABS_INTERESTS = Pair(
    name="interests from two tabs, disjoint",
    setup=two_tabs_interests,
    first=replace_by(OTHER_INTERESTS),
    second=replace_by(THIRD_INTERESTS),
    verdict=one_of_the_sets,
    alike=True,
)


# Tasks


def two_people():
    """Eight tasks and one done: the next tick is a quarter, the one after is nothing."""
    context = with_tasks(onboarded(), done=1, total=8)
    Milestone.objects.create(
        wedding=wedding_of(context), key="first_task", tasks_done=1, tasks_total=8
    )
    context.partner = OnboardedCoupleFactory(email=fresh_email(), wedding=wedding_of(context))
    return context


def tick(number, *, by="user"):
    return lambda context: complete_task(
        task_uid=context.tasks[number].uid, by_user=vars(context)[by], by=BY
    )


def ticked_tasks(done):
    def verdict(context, first, second):
        reached = Milestone.objects.filter(wedding=wedding_of(context)).order_by("pk")
        return answered(first, second, (None, None)) or expect(
            done=(stats_of(context).tasks_done, done),
            milestones=([each.key for each in reached], ["first_task", "quarter"]),
            celebrations=(celebrations(context), 2),
        )

    return verdict


TICK_TWO = Pair(
    name="two tasks ticked at a milestone's threshold",
    setup=two_people,
    first=tick(1),
    second=tick(2, by="partner"),
    verdict=ticked_tasks(3),
    alike=True,
)

TICK_ONE_TWICE = Pair(
    name="one task ticked by both",
    setup=two_people,
    first=tick(1),
    second=tick(1, by="partner"),
    verdict=ticked_tasks(2),
    alike=True,
)


def undo(context):
    undo_task(task_uid=context.tasks[1].uid, by_user=context.user, by=BY)


def counted_as_it_stands(context, first, second):
    done = Task.objects.filter(wedding=wedding_of(context), status="done").count()
    return answered(first, second, (None, None)) or expect(
        counted=(stats_of(context).tasks_done, done)
    )


TICK_AND_UNDO = Pair(
    name="a task ticked and undone",
    setup=two_people,
    first=tick(1, by="partner"),
    second=undo,
    verdict=counted_as_it_stands,
)


PAIRS = [each for each in list(vars().values()) if isinstance(each, Pair)]
