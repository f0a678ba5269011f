from datetime import date, timedelta
from itertools import combinations

import pytest

from onboarding.catalogue import (
    INTEREST_SLUGS,
    MILESTONES,
    TASK_TEMPLATES,
    due_date,
    goals_met,
    label_of,
    tasks_for,
)

TODAY = date(2026, 11, 20)
BUDGET = next(task for task in TASK_TEMPLATES if task.slug == "budget")


def test_there_are_ten_interests_with_five_tasks_each():
    assert len(INTEREST_SLUGS) == len(set(INTEREST_SLUGS)) == 10
    for slug in INTEREST_SLUGS:
        assert len([task for task in TASK_TEMPLATES if task.interest == slug]) == 5


def test_every_task_has_a_slug_of_its_own_that_fits_its_column():
    slugs = [task.slug for task in TASK_TEMPLATES]
    assert len(slugs) == len(set(slugs))
    assert max(map(len, slugs)) <= 40


@pytest.mark.parametrize("size", [3, 4, 5])
def test_any_choice_makes_about_24_tasks(size):
    for chosen in combinations(INTEREST_SLUGS, size):
        assert 24 <= len(tasks_for(chosen)) <= 25


def test_the_tasks_come_from_the_chosen_interests_the_earliest_first():
    tasks = tasks_for(["music", "food", "flowers"])
    assert {task.interest for task in tasks} == {"", "music", "food", "flowers"}
    assert tasks == sorted(tasks, key=lambda task: (-task.days_before, task.slug))


def test_the_order_of_choosing_makes_no_difference():
    assert tasks_for(["food", "music", "venue"]) == tasks_for(["venue", "food", "music"])


def test_a_due_date_counts_back_from_the_wedding():
    wedding_date = TODAY + timedelta(days=400)
    expected = wedding_date - timedelta(days=BUDGET.days_before)
    assert due_date(BUDGET, wedding_date=wedding_date, today=TODAY) == expected


def test_a_task_is_never_due_before_today():
    assert due_date(BUDGET, wedding_date=TODAY + timedelta(days=30), today=TODAY) == TODAY


def test_a_task_is_never_due_after_the_wedding():
    yesterday = TODAY - timedelta(days=1)
    assert due_date(BUDGET, wedding_date=yesterday, today=TODAY) == yesterday


def test_without_a_date_nothing_is_due():
    assert due_date(BUDGET, wedding_date=None, today=TODAY) is None


@pytest.mark.parametrize(
    ("done", "keys"),
    [
        (0, []),
        (1, ["first_task"]),
        (5, ["first_task"]),
        (6, ["first_task", "quarter"]),
        (12, ["first_task", "quarter", "half"]),
        (23, ["first_task", "quarter", "half", "three_quarters"]),
        (24, ["first_task", "quarter", "half", "three_quarters", "all"]),
    ],
)
def test_goals_are_met_at_their_share(done, keys):
    assert [goal.key for goal in goals_met(done=done, total=24)] == keys


def test_a_share_is_rounded_up():
    half = MILESTONES[2]
    assert half.tasks_needed(25) == 13


def test_without_tasks_no_goal_is_met():
    assert goals_met(done=0, total=0) == []


def test_an_interest_that_left_the_catalogue_keeps_its_slug_for_a_label():
    assert label_of("music") == "Music"
    assert label_of("fireworks") == "fireworks"
