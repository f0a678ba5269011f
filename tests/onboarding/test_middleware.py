import pytest
from django.urls import reverse

from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("done", [0, 1, 2])
@pytest.mark.parametrize("page", ["/", "/home/", "/interests/"])
def test_an_unfinished_couple_is_led_back_to_the_next_step(client, done, page):
    client.force_login(CoupleFactory(profile__step=done))
    assert client.get(page).url == reverse("onboarding_step", args=[done + 1])


def test_so_is_a_post(client):
    client.force_login(CoupleFactory(profile__step=1))
    response = client.post("/interests/", {"categories": ["music", "food", "dress"]})
    assert response.url == reverse("onboarding_step", args=[2])


@pytest.mark.parametrize("name", ["accounts_home", "account_logout", "account_email"])
def test_their_account_stays_open(client, name):
    client.force_login(CoupleFactory(address__verified=True))
    response = client.get(reverse(name))
    assert "/start/" not in response.get("Location", "")


def test_a_page_that_is_not_there_is_still_not_found(client):
    client.force_login(CoupleFactory())
    assert client.get("/nowhere/").status_code == 404


def test_a_finished_couple_goes_where_it_likes(client):
    client.force_login(OnboardedCoupleFactory())
    assert client.get("/interests/").status_code == 200


def test_operators_have_no_wizard(client):
    client.force_login(OperatorFactory())
    assert client.get(reverse("admin:index")).status_code == 200


def test_visitors_are_not_led_anywhere(client):
    assert client.get(reverse("account_login")).status_code == 200


def test_log_in_leads_to_the_open_step(client):
    user = CoupleFactory(profile__step=1, address__verified=True, password="a good password")
    response = client.post(
        reverse("account_login"),
        {"login": user.email, "password": "a good password"},
        follow=True,
    )
    assert response.redirect_chain[-1][0] == reverse("onboarding_step", args=[2])


def test_log_in_leads_home_once_finished(client):
    user = OnboardedCoupleFactory(password="a good password")
    response = client.post(
        reverse("account_login"), {"login": user.email, "password": "a good password"}
    )
    assert response.url == "/home/"
