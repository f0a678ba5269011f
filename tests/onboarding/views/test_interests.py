import pytest
from django.urls import reverse

from onboarding.interests import wanted_interests
from tests.factories import OnboardedCoupleFactory
from tests.onboarding.views.browser import CHOICE, HOME, refused, text

pytestmark = pytest.mark.django_db(transaction=True)

INTERESTS = "/interests/"


@pytest.fixture
def user(client):
    user = OnboardedCoupleFactory()
    client.force_login(user)
    return user


def submit(client, answers=CHOICE, page=None):
    page = page or client.get(INTERESTS)
    hidden = {"operation": str(page.context["form"]["operation"].value())}
    return client.post(INTERESTS, hidden | answers)


def test_it_shows_the_choice(user, client):
    form = client.get(INTERESTS).context["form"]
    assert form["categories"].value() == ["music", "food", "flowers"]


def test_a_new_choice_replaces_the_old_one(user, client):
    assert submit(client).url == HOME
    assert wanted_interests(user) == CHOICE["categories"]
    assert "Your choice is saved." in text(client.get(HOME))


def test_a_double_click_is_one_change(user, client):
    page = client.get(INTERESTS)
    assert submit(client, page=page).url == submit(client, page=page).url == HOME


@pytest.mark.parametrize("categories", [[], ["music", "dress"], ["music", "food", "fireworks"]])
def test_a_choice_that_makes_no_sense_stays_on_the_page(user, client, categories):
    page = submit(client, {"categories": categories})
    assert page.status_code == 200
    assert page.context["form"]["categories"].value() == categories
    assert wanted_interests(user) == ["music", "food", "flowers"]


def test_a_refused_insert_keeps_the_choice_and_says_what_is_true(user, client):
    with refused("INSERT", "onboarding_interest"):
        page = submit(client)
    assert page.status_code == 503
    assert "Your old choices are in place" in text(page)
    assert page.context["form"]["categories"].value() == CHOICE["categories"]


def test_a_refused_prune_shows_the_new_choice(user, client):
    with refused("DELETE", "onboarding_interest"):
        assert submit(client).url == HOME
    form = client.get(INTERESTS).context["form"]
    assert form["categories"].value() == CHOICE["categories"]


def test_a_visitor_logs_in_first(client):
    assert reverse("account_login") in client.get(INTERESTS).url
