import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import acting
from accounts.models import Profile, Wedding
from integrity.audit import Actor
from integrity.models import FlowOutcome
from onboarding.interests import replace_interests, wanted_interests
from onboarding.models import Interest, Task
from onboarding.wizard import save_step_one
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory
from tests.onboarding.breaking import everything
from tests.onboarding.views.browser import (
    ANSWERS,
    CHOICE,
    HOME,
    Browser,
    as_sent,
    at_step,
    draft,
    refused,
    step,
    text,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client):
    return Browser(client, CoupleFactory())


def profile_of(user):
    return Profile.objects.get(user=user)


class TestTheWayThrough:
    def test_three_steps_lead_home(self, browser):
        browser.open(1)
        assert browser.submit(1, ANSWERS).url == step(2)
        browser.open(2)
        assert browser.submit(2, CHOICE).url == step(3)
        review = text(browser.open(3))
        for shown in ("Ada", "Grace", "19 June 2030", "Oslo", "Music, The place, Guests"):
            assert shown in review
        assert browser.submit(3, {}).url == HOME
        assert Task.objects.count() == browser.page.context["task_count"]
        assert browser.client.get(HOME).status_code == 200

    def test_another_device_goes_on_where_the_first_one_stopped(self, browser):
        browser.open(1)
        browser.submit(1, ANSWERS)
        phone = Client()
        phone.force_login(browser.user)
        assert phone.get(HOME).url == step(2)

    def test_the_navigation_knows_what_is_done(self, client):
        browser = at_step(client, 1)
        states = [(each["state"], each["url"]) for each in browser.open(2).context["steps"]]
        assert states == [("done", step(1)), ("current", step(2)), ("todo", None)]

    def test_an_open_date_is_an_answer(self, browser):
        browser.open(1)
        browser.submit(1, ANSWERS | {"date": "", "date_undecided": "on"})
        assert Wedding.objects.get().date_undecided

    def test_an_answer_can_be_changed_from_the_review(self, client):
        browser = at_step(client, 2)
        browser.open(1)
        assert browser.submit(1, ANSWERS | {"name": "Adele"}).url == step(3)
        assert profile_of(browser.user).name == "Adele"


class TestNoStepIsSkipped:
    @pytest.mark.parametrize(("done", "asked"), [(0, 2), (0, 3), (1, 3)])
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_by_its_address(self, client, done, asked, method):
        browser = at_step(client, done)
        before = everything()
        response = getattr(client, method)(step(asked), {"version": 0} | CHOICE)
        assert response.url == step(done + 1)
        assert everything() == before
        assert browser.client.get(step(done + 1)).status_code == 200

    @pytest.mark.parametrize("number", [0, 4, 99])
    def test_there_are_three(self, browser, number):
        assert browser.client.get(step(number)).status_code == 404
        assert browser.client.post(draft(number)).status_code == 404

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_after_the_end_every_step_leads_home(self, client, number):
        client.force_login(OnboardedCoupleFactory())
        assert client.get(step(number)).url == HOME
        assert client.post(step(number)).url == HOME


class TestWhoMayCome:
    def test_a_visitor_logs_in_first(self, client):
        assert client.get(step(1)).url == f"{reverse('account_login')}?next={step(1)}"

    def test_an_operator_is_led_to_the_admin(self, client):
        client.force_login(OperatorFactory())
        assert client.get(step(1)).url == reverse("admin:index")

    def test_pages_are_not_cached(self, browser):
        assert "no-store" in browser.open(1)["Cache-Control"]

    def test_only_drafts_by_post(self, browser):
        assert browser.client.get(draft(1)).status_code == 405
        assert browser.client.put(step(1)).status_code == 405


class TestReopenedAfterTheDay:
    def test_the_day_that_is_over_may_stay(self, browser):
        Wedding.objects.update(date="2020-06-19", date_undecided=False)
        browser.open(1)
        assert browser.submit(1, ANSWERS | {"date": "2020-06-20"}).status_code == 200
        assert browser.submit(1, ANSWERS | {"date": "2020-06-19"}).url == step(2)


class TestErrors:
    def test_a_wrong_answer_keeps_what_was_typed(self, browser):
        browser.open(1)
        page = browser.submit(1, ANSWERS | {"name": "", "place": "By the <sea>"})
        assert page.status_code == 200
        assert "Enter your first name." in text(page)
        assert "By the &lt;sea&gt;" in text(page)
        assert text(page).startswith("<!DOCTYPE html>")
        assert "<title>Error: Step 1 of 3" in text(page)
        assert browser.submit(1, ANSWERS).url == step(2)

    def test_two_interests_are_too_few_and_stay_ticked(self, client):
        browser = at_step(client, 1)
        browser.open(2)
        page = browser.submit(2, {"categories": ["music", "dress"]})
        assert "Choose at least 3. You have chosen 2." in text(page)
        assert page.context["form"]["categories"].value() == ["music", "dress"]
        assert not Interest.objects.exists()

    def test_a_refused_insert_keeps_the_choice_and_says_what_is_true(self, client):
        browser = at_step(client, 2)
        browser.open(2)
        with refused("INSERT", "onboarding_interest"):
            page = browser.submit(2, CHOICE)
        assert page.status_code == 503
        assert "Nothing changed. Your old choices are in place. Try again." in text(page)
        assert page.context["form"]["categories"].value() == CHOICE["categories"]
        assert set(wanted_interests(browser.user)) == {"music", "food", "flowers"}
        assert browser.submit(2, CHOICE).url == step(3)

    def test_a_row_that_others_hold_keeps_the_answers(self, browser):
        browser.open(1)
        with refused("UPDATE", "accounts_profile", sqlstate="55P03"):
            page = browser.submit(1, ANSWERS)
        assert page.status_code == 503
        assert "Nothing was changed." in text(page)
        assert page.context["form"]["name"].value() == "Ada"
        assert FlowOutcome.objects.filter(outcome="busy").exists()

    def test_a_review_without_enough_interests_says_so(self, client):
        browser = at_step(client, 2, interests=["music"])
        browser.open(3)
        page = browser.submit(3, {})
        assert "Choose at least 3. You have chosen 1." in text(page)
        assert not Task.objects.exists()


class TestTwice:
    def test_a_double_click_saves_once(self, browser):
        browser.open(1)
        first, second = browser.submit(1, ANSWERS), browser.submit(1, ANSWERS)
        assert first.url == second.url == step(2)
        assert profile_of(browser.user).version == 1

    def test_a_double_click_on_finish_makes_one_checklist(self, client):
        browser = at_step(client, 2)
        browser.open(3)
        first, second = browser.submit(3, {}), browser.submit(3, {})
        assert first.url == second.url == HOME
        assert Task.objects.count() == browser.page.context["task_count"]

    def test_an_old_page_with_new_answers_is_no_second_click(self, browser):
        browser.open(1)
        browser.submit(1, ANSWERS)
        assert browser.submit(1, ANSWERS | {"name": "Adele"}).status_code == 409

    def test_a_page_that_is_too_old_shows_both_values(self, browser):
        browser.open(1)
        save_step_one(
            user=browser.user,
            **{**ANSWERS, "name": "Adele", "date": None, "date_undecided": True},
            version=0,
            by=acting(browser.user),
        )
        page = browser.submit(1, ANSWERS)
        assert page.status_code == 409
        rows = {row["label"]: (row["theirs"], row["mine"]) for row in page.context["rows"]}
        assert rows["Your first name"] == ("Adele", "Ada")
        assert rows["Date"] == ("", "19 June 2030")
        assert rows["We have not decided yet"] == ("Yes", "No")
        assert profile_of(browser.user).name == "Adele"

    def test_what_is_saved_already_is_no_conflict(self, client):
        browser = at_step(client, 2)
        browser.open(1)
        operator = Actor(kind="operator", id="eve", reason="by phone", via="admin")
        replace_interests(user=browser.user, categories=CHOICE["categories"], by=operator)
        saved = ANSWERS | {"date": "", "date_undecided": "on", "place": "", "time_zone": "UTC"}
        assert browser.submit(1, saved, to=draft, then="later").url == reverse("accounts_home")
        assert browser.submit(1, saved).url == step(3)

    def test_mine_can_be_saved_after_all(self, browser):
        browser.open(1)
        save_step_one(
            user=browser.user,
            **{**ANSWERS, "name": "Adele", "date": None, "date_undecided": True},
            version=0,
            by=acting(browser.user),
        )
        page = browser.submit(1, ANSWERS)
        assert page.status_code == 409
        assert browser.client.post(step(1), as_sent(page)).url == step(2)
        assert profile_of(browser.user).name == "Ada"
        assert not Wedding.objects.get().date_undecided

    def test_step_two_shows_both_choices(self, client):
        browser = at_step(client, 1)
        browser.open(2)
        browser.submit(2, {"categories": ["dress", "food", "flowers"]})
        page = browser.submit(2, CHOICE)
        assert page.status_code == 409
        row = page.context["rows"][0]
        assert row["theirs"] == "Food and drink, Flowers, Clothes"
        assert row["mine"] == "Music, The place, Guests"
        assert browser.client.post(step(2), as_sent(page)).url == step(3)
        assert wanted_interests(browser.user) == CHOICE["categories"]

    def test_a_review_that_is_too_old_is_shown_again(self, client):
        browser = at_step(client, 2)
        old = browser.open(3)
        hidden = browser.hidden()
        browser.open(1)
        browser.submit(1, ANSWERS | {"name": "Adele"})
        page = client.post(step(3), hidden)
        assert page.status_code == 409
        assert "Adele" in text(page)
        assert "Adele" not in text(old)
        assert not Task.objects.exists()
        browser.page = page
        assert browser.submit(3, {}).url == HOME
