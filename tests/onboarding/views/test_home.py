import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.actors import acting
from accounts.models import Wedding, WeddingStats
from onboarding.days import today_at
from onboarding.models import Milestone, Task
from onboarding.wizard import finish
from tests.factories import CoupleFactory, OperatorFactory
from tests.onboarding.breaking import everything
from tests.onboarding.views.browser import HOME, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user(client):
    user = CoupleFactory(profile__step=2, wedding__time_zone="Pacific/Auckland")
    finish(user=user, version=0, by=acting(user))
    client.force_login(user)
    return user


def done(task):
    return reverse("onboarding_task_done", args=[task.uid])


def undo(task):
    return reverse("onboarding_task_undo", args=[task.uid])


def first_task():
    return Task.objects.open().next_first().first()


def test_it_shows_the_next_three_and_then_the_rest(user, client):
    page = client.get(HOME).context
    assert [len(page[name]) for name in ("next_tasks", "open_tasks", "done_tasks")] == [3, 21, 0]
    assert [interest.slug for interest in page["interests"]] == ["music", "food", "flowers"]


def test_no_task_is_shown_twice(user, client):
    client.post(done(first_task()))
    ids = re.findall(r'id="(tick-[^"]+)"', text(client.get(HOME)))
    assert len(ids) == len(set(ids)) == 24


def test_the_countdown_is_right_where_they_marry(user, client):
    assert client.get(HOME).context["days_left"] is None
    wedding = Wedding.objects.get()
    date = today_at(wedding) + timedelta(days=30)
    Wedding.objects.update(date=date, date_undecided=False)
    assert client.get(HOME).context["days_left"] == 30


def test_times_are_those_of_the_wedding(user, client):
    wedding = Wedding.objects.get()
    late = timezone.now().replace(month=6, day=1, hour=20, minute=0)
    Milestone.objects.create(
        wedding=wedding, key="first_task", tasks_done=1, tasks_total=24, reached_at=late
    )
    assert "2 Jun" in text(client.get(HOME))


def test_a_tick_is_a_post_that_leads_home(user, client):
    task = first_task()
    response = client.post(done(task))
    assert (response.status_code, response.url) == (302, HOME)
    page = client.get(HOME)
    assert page.context["stats"].tasks_done == 1
    assert page.context["done_tasks"] == [task]
    assert "A milestone: the first task." in text(page)


def test_milestones_say_when_or_at_how_many(user, client):
    client.post(done(first_task()))
    first, quarter, *_ = client.get(HOME).context["milestones"]
    assert first["reached_at"] is not None
    assert (quarter["reached_at"], quarter["threshold"]) == (None, 6)


def test_a_double_tick_says_it_once(user, client):
    task = first_task()
    client.post(done(task))
    client.get(HOME)
    client.post(done(task))
    assert "A milestone" not in text(client.get(HOME))
    assert WeddingStats.objects.get().tasks_done == 1


def test_undo_opens_it_again(user, client):
    task = first_task()
    client.post(done(task))
    assert client.post(undo(task)).url == HOME
    assert WeddingStats.objects.get().tasks_done == 0


@pytest.mark.parametrize("verb", [done, undo])
def test_the_task_of_others_is_not_found(user, client, verb):
    stranger = CoupleFactory(profile__step=2)
    finish(user=stranger, version=0, by=acting(stranger))
    theirs = Task.objects.exclude(wedding__members__user=user).first()
    before = everything()
    assert client.post(verb(theirs)).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("verb", [done, undo])
def test_a_task_that_is_nowhere_is_not_found(user, client, verb):
    assert client.post(verb(Task(uid=uuid4()))).status_code == 404


@pytest.mark.parametrize("verb", [done, undo])
def test_looking_changes_nothing(user, client, verb):
    task = first_task()
    before = everything()
    assert client.get(verb(task)).url == HOME
    assert everything() == before


@pytest.mark.parametrize("verb", [done, undo])
def test_who_logs_in_in_between_comes_home(user, client, verb):
    client.logout()
    asked = client.post(verb(first_task())).url
    client.force_login(user)
    assert client.get(parse_qs(urlsplit(asked).query)["next"][0]).url == HOME


@pytest.mark.parametrize("verb", [done, undo])
def test_there_is_nothing_to_put_or_delete(user, client, verb):
    assert client.put(verb(first_task())).status_code == 405


@pytest.mark.parametrize("verb", [done, undo])
def test_a_visitor_ticks_nothing(user, client, verb):
    client.logout()
    assert reverse("account_login") in client.post(verb(first_task())).url


def test_an_operator_has_no_home(client):
    client.force_login(OperatorFactory())
    assert client.get(HOME).url == reverse("admin:index")


def test_it_takes_few_queries(user, client, django_assert_max_num_queries):
    client.get(HOME)
    with django_assert_max_num_queries(9):
        client.get(HOME)
