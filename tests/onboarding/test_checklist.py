from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.actors import acting
from accounts.models import Tombstone, User, Wedding, WeddingStats
from integrity.audit import command_actor
from integrity.models import AuditEntry, OutboxMessage
from integrity.testing import assert_every_invariant_holds
from onboarding.checklist import TaskNotFound, complete_task, undo_task
from onboarding.models import Milestone, Task
from onboarding.wizard import finish
from tests.factories import CoupleFactory, OnboardedCoupleFactory, TaskFactory
from tests.onboarding.breaking import assert_all_or_nothing, everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user():
    user = CoupleFactory(profile__step=2, address__verified=True)
    finish(user=user, version=0, by=acting(user))
    return user


def wedding_of(user):
    return Wedding.objects.get(members__user=user)


def stats_of(user):
    return WeddingStats.objects.get(wedding__members__user=user)


def open_tasks(user):
    return list(Task.objects.open().filter(wedding=wedding_of(user)).next_first())


def tick(user, task, by=None):
    return complete_task(task_uid=task.uid, by_user=user, by=by or acting(user))


def undo(user, task):
    return undo_task(task_uid=task.uid, by_user=user, by=acting(user))


def tick_all_but_one_before(user, goal_at):
    """Leave the wedding one tick before its n-th task."""
    tasks = open_tasks(user)
    Task.objects.filter(pk__in=[task.pk for task in tasks[: goal_at - 1]]).update(
        status="done", completed_at=timezone.now()
    )
    return tasks[goal_at - 1]


def test_a_tick_keeps_when_and_who(user):
    task = open_tasks(user)[0]
    assert tick(user, task).changed
    task.refresh_from_db()
    assert task.is_done
    assert task.completed_by == user
    assert task.completed_at is not None


def test_the_stats_follow(user):
    total = stats_of(user).tasks_total
    tick(user, open_tasks(user)[0])
    stats = stats_of(user)
    assert (stats.tasks_done, stats.tasks_total, stats.streak_days) == (1, total, 1)
    assert_every_invariant_holds()


def test_the_last_active_day_is_the_one_where_the_wedding_is(user):
    # One of the two is always on another date than UTC.
    for zone, offset in (("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)):
        Wedding.objects.update(time_zone=zone)
        WeddingStats.objects.update(last_active_date=None, streak_days=0)
        tick(user, open_tasks(user)[0])
        there = (timezone.now() + timedelta(hours=offset)).date()
        assert stats_of(user).last_active_date == there


def test_a_tick_on_the_next_day_lengthens_the_streak(user):
    tick(user, open_tasks(user)[0])
    today = stats_of(user).last_active_date
    WeddingStats.objects.update(last_active_date=today - timedelta(days=1), streak_days=4)
    tick(user, open_tasks(user)[0])
    stats = stats_of(user)
    assert (stats.last_active_date, stats.streak_days) == (today, 5)


def test_who_moved_west_over_midnight_loses_neither_the_day_nor_the_streak(user):
    ahead = timezone.now().date() + timedelta(days=2)
    WeddingStats.objects.update(last_active_date=ahead, streak_days=4)
    tick(user, open_tasks(user)[0])
    stats = stats_of(user)
    assert (stats.last_active_date, stats.streak_days) == (ahead, 4)


def test_a_double_tick_is_a_no_op(user):
    task = open_tasks(user)[0]
    tick(user, task)
    before = everything()
    assert not tick(user, task).changed
    assert everything() == before


def test_the_first_tick_reaches_a_milestone_and_promises_one_mail(user):
    ticked = tick(user, open_tasks(user)[0])
    assert ticked.milestones == ("first_task",)
    milestone = Milestone.objects.get()
    assert (milestone.key, milestone.tasks_done) == ("first_task", 1)
    message = OutboxMessage.objects.get()
    assert message.effect == "accounts.mail"
    assert message.key == f"milestone:{wedding_of(user).uid}:first_task:{user.uid}"
    assert user.email not in str(message.payload)


@pytest.mark.parametrize(
    ("goal_at", "key"), [(6, "quarter"), (12, "half"), (18, "three_quarters"), (24, "all")]
)
def test_a_milestone_is_reached_by_the_task_that_makes_it(user, goal_at, key):
    last = tick_all_but_one_before(user, goal_at)
    before = open_tasks(user)
    assert key in tick(user, last).milestones
    assert len(before) == 24 - goal_at + 1


def test_one_task_earlier_it_is_not_reached(user):
    last = tick_all_but_one_before(user, 11)
    assert "half" not in tick(user, last).milestones


def test_undo_opens_the_task_and_keeps_the_milestone(user):
    task = open_tasks(user)[0]
    tick(user, task)
    assert undo(user, task).changed
    task.refresh_from_db()
    assert (task.status, task.completed_at, task.completed_by) == ("open", None, None)
    assert stats_of(user).tasks_done == 0
    assert Milestone.objects.count() == 1
    assert_every_invariant_holds()


def test_undo_and_tick_never_celebrate_twice(user):
    task = open_tasks(user)[0]
    tick(user, task)
    OutboxMessage.objects.all().delete()
    undo(user, task)
    assert tick(user, task).milestones == ()
    assert not OutboxMessage.objects.exists()


def test_undo_of_an_open_task_is_a_no_op(user):
    before = everything()
    assert not undo(user, open_tasks(user)[0]).changed
    assert everything() == before


def test_both_partners_hear_of_a_milestone(user):
    partner = OnboardedCoupleFactory(wedding=wedding_of(user))
    tick(partner, open_tasks(user)[0])
    assert {message.payload["user"] for message in OutboxMessage.objects.all()} == {
        str(user.uid),
        str(partner.uid),
    }


@pytest.mark.parametrize("verb", [complete_task, undo_task])
def test_a_task_of_another_wedding_is_not_found(user, verb):
    stranger = CoupleFactory()
    task = open_tasks(user)[0]
    before = everything()
    with pytest.raises(TaskNotFound):
        verb(task_uid=task.uid, by_user=stranger, by=acting(stranger))
    with pytest.raises(TaskNotFound):
        verb(task_uid=uuid4(), by_user=user, by=acting(user))
    assert everything() == before


def test_a_milestone_is_there_once(user):
    tick(user, open_tasks(user)[0])
    with pytest.raises(IntegrityError):
        Milestone.objects.create(
            wedding=wedding_of(user), key="first_task", tasks_done=1, tasks_total=24
        )


def test_an_operators_tick_is_audited(user):
    tick(user, open_tasks(user)[0], by=command_actor("they phoned"))
    assert AuditEntry.objects.get().verb == "onboarding.task_completed"


def test_broken_at_any_statement_of_a_tick_nothing_is_left(user):
    last = tick_all_but_one_before(user, 12)
    assert assert_all_or_nothing(lambda: tick(user, last)) > 10


def test_broken_at_any_statement_of_an_undo_nothing_is_left(user):
    task = open_tasks(user)[0]
    tick(user, task)
    assert assert_all_or_nothing(lambda: undo(user, task)) > 5


def test_a_task_stays_when_who_did_it_leaves(user):
    task = open_tasks(user)[0]
    partner = OnboardedCoupleFactory(wedding=wedding_of(user))
    tick(partner, task)
    Tombstone.objects.create(uid=partner.uid)
    User.objects.filter(pk=partner.pk).get().delete()
    task.refresh_from_db()
    assert task.is_done
    assert task.completed_by is None


def test_tasks_are_listed_by_their_day_the_undated_last(user):
    wedding = wedding_of(user)
    Task.objects.all().delete()
    later = TaskFactory(wedding=wedding, due_date="2030-02-01")
    undated = TaskFactory(wedding=wedding)
    soon = TaskFactory(wedding=wedding, due_date="2030-01-01")
    assert open_tasks(user) == [soon, later, undated]
