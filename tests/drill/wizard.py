"""The steps of the wizard and the interests: each flow as its caller calls it."""

from django.db.models import F

from accounts.models import Profile
from integrity.drill.core import Scenario
from onboarding.interests import InterestsNotSaved, replace_interests
from onboarding.models import Interest, Task, WizardDraft
from onboarding.wizard import (
    WizardNotFinished,
    finish,
    reopen,
    save_step_one,
    save_step_two,
)
from tests.drill.facts import (
    BY,
    DAY,
    audits,
    couple,
    judge,
    onboarded,
    profile_of,
    stats_of,
    wedding_of,
    with_tasks,
)
from tests.factories import INTERESTS

OTHER_INTERESTS = ("dress", "guests", "venue")


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
            audit=(audits(context.user), 0, context.audits),
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


SCENARIOS = [STEP_ONE, STEP_TWO, STEP_TWO_AGAIN, FINISH, REOPEN, REPLACE]
