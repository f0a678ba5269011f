"""What single rows can't be, by plain INSERT and UPDATE."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from integrity.sqlstate import constraint_name
from onboarding.models import Interest, Milestone, Task, WizardDraft
from tests.factories import CoupleFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return CoupleFactory()


@pytest.fixture
def wedding(user):
    return user.membership.wedding


def refused_by(write, **values):
    with pytest.raises(IntegrityError) as caught:
        write(**values)
    return constraint_name(caught.value)


def test_an_interest_is_one_of_the_catalogue(user):
    name = refused_by(Interest.objects.create, user=user, category="fireworks")
    assert name == "onboarding_interest_known"


def test_an_interest_is_chosen_once(user):
    Interest.objects.create(user=user, category="music")
    values = {"user": user, "category": "music"}
    assert refused_by(Interest.objects.create, **values) == "onboarding_interest_pkey"


def test_a_template_makes_one_task_of_a_wedding(wedding):
    TaskFactory(wedding=wedding, template="rings")
    name = refused_by(TaskFactory, wedding=wedding, template="rings")
    assert name == "onboarding_task_once_from_a_template"


def test_tasks_without_a_template_are_as_many_as_they_like(wedding):
    assert TaskFactory(wedding=wedding).uid != TaskFactory(wedding=wedding).uid


@pytest.mark.parametrize(
    "values",
    [
        {"status": "done"},
        {"completed_at": timezone.now()},
        {"status": "late", "completed_at": timezone.now()},
    ],
)
def test_a_task_has_a_time_exactly_when_it_is_done(wedding, values):
    task = TaskFactory(wedding=wedding)
    write = Task.objects.filter(pk=task.pk).update
    assert refused_by(write, **values) == "onboarding_task_done_has_a_time"


def test_an_open_task_was_done_by_nobody(user, wedding):
    task = TaskFactory(wedding=wedding)
    write = Task.objects.filter(pk=task.pk).update
    assert refused_by(write, completed_by=user) == "onboarding_task_done_has_a_time"


def test_a_task_has_a_title(wedding):
    assert refused_by(TaskFactory, wedding=wedding, title="") == "onboarding_task_has_a_title"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"key": "luck", "tasks_done": 1, "tasks_total": 2}, "onboarding_milestone_known"),
        ({"key": "all", "tasks_done": 3, "tasks_total": 2}, "onboarding_milestone_counts"),
        ({"key": "all", "tasks_done": 0, "tasks_total": 2}, "onboarding_milestone_counts"),
    ],
)
def test_a_milestone_is_one_of_the_catalogue_with_counts(wedding, values, name):
    assert refused_by(Milestone.objects.create, wedding=wedding, **values) == name


def test_rows_say_which_they_are_and_never_whose(user, wedding):
    rows = [
        Interest(user=user, category="music"),
        TaskFactory(wedding=wedding),
        Milestone(wedding=wedding, key="half"),
        WizardDraft(user=user),
    ]
    for row in rows:
        assert user.email not in str(row)
    assert str(rows[0]) == f"Music of user {user.pk}"
    assert rows[2].title == "Halfway"
    assert rows[1].interest_label == ""
