"""Each invariant is broken once, behind the database's back, and must say so."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts.actors import acting
from accounts.models import Profile, WeddingStats
from integrity.evaluate import evaluate
from integrity.testing import assert_every_invariant_holds
from onboarding.catalogue import MILESTONE_KEYS, goals_met
from onboarding.invariants import (
    done_tasks_have_a_time,
    earned_milestones_are_recorded,
    milestones_were_earned,
)
from onboarding.models import Interest, Milestone, Task
from onboarding.wizard import finish
from tests.factories import CoupleFactory, MilestoneFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user():
    user = CoupleFactory(profile__step=2)
    finish(user=user, version=0, by=acting(user))
    assert_every_invariant_holds()
    return user


@contextmanager
def behind_the_databases_back():
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = origin")


def broken():
    return {each.invariant.name: each.keys for each in evaluate(["onboarding"]).having("broken")}


@pytest.mark.parametrize("left", [[], ["music"], ["music", "food"]])
def test_too_few_interests(user, left):
    with behind_the_databases_back():
        Interest.objects.filter(user=user).exclude(category__in=left).delete()
    assert broken() == {"onboarding.interests_fit_the_step": [str(user.pk)]}


def test_no_interest_after_step_two():
    user = CoupleFactory(profile__step=1)
    with behind_the_databases_back():
        Profile.objects.filter(user=user).update(step=2)
    assert "onboarding.interests_fit_the_step" in broken()


def test_a_stale_interest(user):
    Profile.objects.filter(user=user).update(interests_wanted=["music", "food"])
    assert broken() == {"onboarding.no_interest_is_stale": [f"{user.pk}:flowers"]}


def test_a_wanted_interest_that_is_not_there(user):
    wanted = ["music", "food", "flowers", "venue"]
    Profile.objects.filter(user=user).update(interests_wanted=wanted)
    assert broken() == {"onboarding.wanted_interests_are_there": [str(user.pk)]}


def test_a_finished_wizard_without_tasks(user):
    Task.objects.all().delete()
    WeddingStats.objects.update(tasks_total=0)
    assert broken() == {"onboarding.a_finished_wizard_has_tasks": [str(user.pk)]}


@pytest.mark.parametrize(
    ("drift", "name"),
    [
        ({"tasks_total": 30}, "stats_count_the_tasks"),
        ({"tasks_done": 1}, "stats_count_the_done_tasks"),
    ],
)
def test_stats_that_drift(user, drift, name):
    WeddingStats.objects.update(**drift)
    assert f"onboarding.{name}" in broken()


def test_a_task_that_drifts_from_the_stats(user):
    Task.objects.filter(template="rings").update(status="done", completed_at=timezone.now())
    assert broken().keys() == {"onboarding.stats_count_the_done_tasks"}


def test_an_active_day_without_a_streak(user):
    WeddingStats.objects.update(last_active_date="2026-11-20", streak_days=0)
    assert broken().keys() == {"onboarding.an_active_couple_has_a_streak"}


@pytest.mark.parametrize(
    "drift",
    [
        {"status": "done", "completed_at": None},
        {"status": "open", "completed_at": timezone.now()},
    ],
)
def test_a_status_that_contradicts_its_time(user, drift):
    task = Task.objects.get(template="rings")
    with atomic(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE onboarding_task DROP CONSTRAINT onboarding_task_done_has_a_time"
        )
        Task.objects.filter(pk=task.pk).update(**drift)
        found = list(done_tasks_have_a_time())
        connection.set_rollback(True)
    assert found == [task]


def test_a_milestone_that_was_not_earned(user):
    stats = WeddingStats.objects.get()
    milestone = MilestoneFactory(wedding=stats.wedding, key="half", tasks_done=11)
    assert broken() == {"onboarding.milestones_were_earned": [str(milestone.pk)]}


def test_a_milestone_that_was_earned_stays_right_when_tasks_come(user):
    MilestoneFactory(wedding=WeddingStats.objects.get().wedding, key="half", tasks_done=12)
    assert broken() == {}


def test_a_milestone_that_is_missing(user):
    Task.objects.filter(template="rings").update(status="done", completed_at=timezone.now())
    WeddingStats.objects.update(tasks_done=1)
    assert broken().keys() == {"onboarding.earned_milestones_are_recorded"}
    Milestone.objects.create(
        wedding=WeddingStats.objects.get().wedding, key="first_task", tasks_done=1, tasks_total=24
    )
    assert broken() == {}


@pytest.mark.parametrize("total", [1, 2, 3, 7, 24, 25])
def test_sql_and_python_agree_on_when_a_goal_is_met(total):
    wedding = CoupleFactory().membership.wedding
    for done in range(1, total + 1):
        WeddingStats.objects.update(tasks_total=total, tasks_done=done)
        Milestone.objects.all().delete()
        Milestone.objects.bulk_create(
            Milestone(wedding=wedding, key=key, tasks_done=done, tasks_total=total)
            for key in MILESTONE_KEYS
        )
        met = {goal.key for goal in goals_met(done=done, total=total)}
        unearned = milestones_were_earned()
        assert set(MILESTONE_KEYS) - met == set(unearned.values_list("key", flat=True))
        unearned.delete()
        assert not earned_milestones_are_recorded().exists()
        for key in met:
            with atomic():
                Milestone.objects.filter(key=key).delete()
                assert earned_milestones_are_recorded().exists()
                connection.set_rollback(True)
