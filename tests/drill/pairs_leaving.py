"""Somebody thinks better of it, or an operator holds the account, just when it is sealed; a partner ticks a task just when the
plan ends for both."""

from accounts.leaving.deletion import TooLate, stay
from accounts.leaving.erasing import erase_some
from accounts.leaving.holding import NothingToHold, place_hold
from accounts.models import Hold, Member, Tombstone
from integrity.drill.interleave import Pair
from integrity.saga.held import LostLease
from integrity.saga.outcomes import RefusedForGood
from integrity.transactions import transaction
from onboarding.checklist import TaskNotFound, complete_task
from onboarding.models import Task
from tests.drill.facts import BY, couple, onboarded, user_now, wedding_of
from tests.drill.leaving import advance, at_step, deletion
from tests.drill.verdicts import answered, expect
from tests.factories import OnboardedCoupleFactory


def sealed_or_kept(context, first, second):
    saga, sealed = deletion(context), Tombstone.objects.filter(uid=context.user.uid).exists()
    return answered(first, second, (None, LostLease), (TooLate, None)) or expect(
        pivot=(saga.pivot_at is not None, sealed),
        state=(saga.state, "running" if sealed else "compensating"),
        may_log_in=(user_now(context).is_active, not sealed),
    )


KEEP_AND_SEAL = Pair(
    name="keeping the account and its seal",
    setup=lambda: at_step(couple(address__verified=True), "seal"),
    first=lambda context: stay(deletion=deletion(context).uid, by=BY),
    second=advance,
    verdict=sealed_or_kept,
)


def sealed_or_held(context, first, second):
    saga, sealed = deletion(context), Tombstone.objects.filter(uid=context.user.uid).exists()
    return answered(first, second, (None, RefusedForGood), (NothingToHold, None)) or expect(
        pivot=(saga.pivot_at is not None, sealed),
        may_log_in=(user_now(context).is_active, not sealed),
        held=(Hold.objects.filter(user=context.user).exists(), not sealed),
    )


HOLD_AND_SEAL = Pair(
    name="a hold on the account and its seal",
    setup=lambda: at_step(couple(address__verified=True), "seal"),
    first=lambda context: place_hold(user=context.user, until=None, by=BY),
    second=advance,
    verdict=sealed_or_held,
)


def planned_by_two():
    context = onboarded()
    context.wedding = wedding_of(context)
    OnboardedCoupleFactory(tasks=1, wedding=context.wedding)
    context.partner = Member.objects.get(wedding=context.wedding, role="partner").user
    return context


def tick(context):
    task = Task.objects.get(wedding=context.wedding)
    complete_task(task_uid=task.uid, by_user=context.partner, by=BY)


def end_for_both(context):
    with transaction():
        erase_some(context.user, ends_wedding=True)


TICK_AND_END = Pair(
    name="a partner's tick and the end of the plan for both",
    setup=planned_by_two,
    first=tick,
    second=end_for_both,
    verdict=lambda context, first, second: (
        answered(first, second, (None, None), (TaskNotFound, None))
        or expect(
            moved=(Member.objects.get(user=context.partner).wedding == context.wedding, False)
        )
    ),
)

PAIRS = [KEEP_AND_SEAL, HOLD_AND_SEAL, TICK_AND_END]
