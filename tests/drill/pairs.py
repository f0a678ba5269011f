"""Two calls that may meet, and what must be true however they do."""

from uuid import uuid4

from accounts.errors import EmailTaken, LinkNoLongerValid
from accounts.models import Address, User
from accounts.signup import sign_up
from accounts.verification import confirm_email, resend_verification
from integrity.drill.interleave import Pair
from integrity.evaluate import evaluate
from integrity.flows import AlreadyDone
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from onboarding.checklist import complete_task, undo_task
from onboarding.interests import replace_interests
from onboarding.models import Milestone, Task
from onboarding.wizard import StaleVersion, finish, save_step_one
from tests.drill import platform
from tests.drill.accounts import changed, changing, signed_up
from tests.drill.facts import BY, couple, fresh_email, mails, onboarded, profile_of, stranger
from tests.drill.onboarding import (
    DAY,
    OTHER_INTERESTS,
    at_step,
    celebrations,
    interests,
    prune_leftovers,
    stats_of,
    wedding_of,
    with_tasks,
)
from tests.factories import OnboardedCoupleFactory


def answered(first, second, *allowed):
    """What is wrong with the answers. An error type stands for it, None for a normal return."""
    given = [type(answer.error) if answer.error else None for answer in (first, second)]
    if sorted(map(str, given)) in [sorted(map(str, pair)) for pair in allowed]:
        return ""
    return f"the answers were {first} and {second}"


def expect(**facts):
    """What is wrong with the state: each fact is (is, shall be)."""
    return ", ".join(f"{name}: {now!r}" for name, (now, after) in facts.items() if now != after)


# Sign-up


def sign_up_as(spelling, operation="operation"):
    return lambda context: sign_up(
        email=spelling(context.email), password_hash="!x", by=BY, operation=vars(context)[operation]
    )


def one_account(*allowed):
    def verdict(context, first, second):
        state = signed_up(context)
        wrong = "" if state == "all" else state
        return wrong or answered(first, second, *allowed)

    return verdict


SIGN_UP_RIVALS = Pair(
    name="sign-up and sign-up in another spelling",
    setup=lambda: stranger(other=str(uuid4())),
    first=sign_up_as(str.upper),
    second=sign_up_as(str.title, "other"),
    verdict=one_account((None, EmailTaken)),
)

DOUBLE_CLICK = Pair(
    name="sign-up clicked twice",
    setup=stranger,
    first=sign_up_as(str),
    second=sign_up_as(str),
    verdict=one_account((None, AlreadyDone)),
)


NO_GHOSTS = (
    "accounts.every_user_has_a_profile",
    "accounts.every_couple_has_a_wedding",
    "accounts.every_wedding_has_stats",
)


def check(context):
    """A check has one snapshot: what is half-way in another transaction is no finding."""
    results = evaluate(NO_GHOSTS).results
    context.broken = [each.invariant.name for each in results if each.result != "holds"]


CHECK_AND_SIGN_UP = Pair(
    name="sign-up and a check",
    setup=stranger,
    first=sign_up_as(str),
    second=check,
    verdict=lambda context, first, second: (
        answered(first, second, (None, None)) or expect(broken=(context.broken, []))
    ),
)


# Addresses


def change_against_sign_up():
    context = changing()
    context.stranger = stranger()
    context.stranger.email = context.new_email
    return context


def address_has_one_owner(context, first, second):
    owners = User.objects.filter(email=context.new_email).count()
    proven = Address.objects.filter(email=context.new_email, verified=True).count()
    return answered(first, second, (None, EmailTaken), (LinkNoLongerValid, None)) or expect(
        owners=(owners, 1), proven=(proven, 0 if first.error else 1)
    )


def confirm_change(context):
    return confirm_email(user=context.user, email=context.new_email, by=BY, operation="")


CHANGE_AND_SIGN_UP = Pair(
    name="e-mail change and a sign-up with that address",
    setup=change_against_sign_up,
    first=confirm_change,
    second=lambda context: sign_up_as(str)(context.stranger),
    verdict=address_has_one_owner,
)

CONFIRM_TWICE = Pair(
    name="the link followed twice",
    setup=changing,
    first=confirm_change,
    second=confirm_change,
    verdict=lambda context, first, second: (
        answered(first, second, (None, LinkNoLongerValid))
        or expect(state=(changed(context), "all"))
    ),
)

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
)


# Tasks


def two_people():
    """Four tasks and none done: one tick is the first task and a quarter, two are the half."""
    context = with_tasks(onboarded())
    context.partner = OnboardedCoupleFactory(email=fresh_email(), wedding=wedding_of(context))
    return context


def tick(number, *, by="user"):
    return lambda context: complete_task(
        task_uid=context.tasks[number].uid, by_user=vars(context)[by], by=BY
    )


def ticked_tasks(done, *keys):
    def verdict(context, first, second):
        reached = Milestone.objects.filter(wedding=wedding_of(context)).order_by("pk")
        return answered(first, second, (None, None)) or expect(
            done=(stats_of(context).tasks_done, done),
            milestones=([each.key for each in reached], list(keys)),
            celebrations=(celebrations(context), 2 * len(keys)),
        )

    return verdict


TICK_TWO = Pair(
    name="two tasks ticked at a milestone's threshold",
    setup=two_people,
    first=tick(0),
    second=tick(1, by="partner"),
    verdict=ticked_tasks(2, "first_task", "quarter", "half"),
)

TICK_ONE_TWICE = Pair(
    name="one task ticked by both",
    setup=two_people,
    first=tick(0),
    second=tick(0, by="partner"),
    verdict=ticked_tasks(1, "first_task", "quarter"),
)


def undo(context):
    undo_task(task_uid=context.tasks[0].uid, by_user=context.user, by=BY)


def counted_as_it_stands(context, first, second):
    done = Task.objects.filter(wedding=wedding_of(context), status="done").count()
    return answered(first, second, (None, None)) or expect(
        counted=(stats_of(context).tasks_done, done)
    )


TICK_AND_UNDO = Pair(
    name="a task ticked and undone",
    setup=two_people,
    first=tick(0, by="partner"),
    second=undo,
    verdict=counted_as_it_stands,
)


# The outbox


def delivered_once(context, first, second):
    left = OutboxMessage.objects.filter(key=context.key).count()
    return answered(first, second, (None, None)) or expect(
        left=(left, 0), sent=(platform.sent(context), 1)
    )


TWO_RELAYS = Pair(
    name="two relays",
    setup=platform.promise,
    first=lambda context: deliver_due(),
    second=lambda context: deliver_due(),
    verdict=delivered_once,
)

RESEND_AND_VERIFY = Pair(
    name="a link sent again and the first one followed",
    setup=couple,
    first=lambda context: resend_verification(user=context.user, by=BY),
    second=lambda context: confirm_email(user=context.user, email=context.email, by=BY),
    verdict=lambda context, first, second: expect(
        verified=(profile_of(context).email_verified, True),
        welcome=(mails(f"welcome:{context.user.uid}"), 1),
    ),
)

PAIRS = [each for each in list(vars().values()) if isinstance(each, Pair)]
