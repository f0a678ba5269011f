"""Autosave, Back, and Save and finish later."""

import uuid

import pytest
from django.urls import reverse

from onboarding.drafts import draft_of
from onboarding.models import WizardDraft
from tests.factories import CoupleFactory, OnboardedCoupleFactory
from tests.onboarding.views.browser import ANSWERS, Browser, at_step, draft, step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client):
    return Browser(client, CoupleFactory())


def test_back_keeps_what_was_typed(client):
    browser = at_step(client, 1)
    browser.open(2)
    assert browser.submit(2, {"categories": ["music"]}, to=draft, then="back").url == step(1)
    browser.open(1)
    browser.submit(1, ANSWERS)
    assert browser.open(2).context["form"]["categories"].value() == ["music"]


def test_what_is_not_valid_yet_is_kept_as_well(browser):
    browser.open(1)
    browser.submit(1, {"name": "Ada", "date": "soon"}, to=draft, then="later")
    form = browser.open(1).context["form"]
    assert (form["name"].value(), form["date"].value()) == ("Ada", "soon")


def test_finish_later_leads_to_the_account(browser):
    browser.open(1)
    response = browser.submit(1, {"name": "Ada"}, to=draft, then="later")
    assert response.url == reverse("accounts_home")


def test_autosave_answers_without_a_page(browser):
    browser.open(1)
    assert browser.submit(1, {"name": "Ada"}, to=draft).status_code == 204
    assert draft_of(browser.user, step=1)["name"] == "Ada"


def test_a_save_forgets_the_draft(browser):
    browser.open(1)
    browser.submit(1, ANSWERS | {"name": "A"}, to=draft)
    browser.submit(1, ANSWERS)
    assert browser.open(1).context["form"]["name"].value() == "Ada"


def test_autosave_of_an_old_page_is_not_kept(browser):
    browser.open(1)
    browser.submit(1, ANSWERS)
    assert browser.submit(1, {"name": "A"}, to=draft).status_code == 409
    assert browser.open(1).context["form"]["name"].value() == "Ada"


def test_back_on_an_old_page_shows_both_values(browser):
    browser.open(1)
    browser.submit(1, ANSWERS)
    page = browser.submit(1, ANSWERS | {"name": "A"}, to=draft, then="later")
    assert page.status_code == 409
    assert page.context["rows"][0] == {
        "label": "Your first name",
        "mine": "A",
        "theirs": "Ada",
    }


def test_the_review_goes_back_without_a_draft(client):
    browser = at_step(client, 2)
    browser.open(3)
    assert browser.submit(3, {}, to=draft, then="back").url == step(2)
    assert not WizardDraft.objects.exists()


@pytest.mark.parametrize("version", ["", "x", "-1", str(2**40)])
def test_a_draft_without_a_version_is_not_kept(browser, version):
    browser.open(1)
    typed = {"name": "Ada", "version": version, "operation": uuid.uuid4()}
    assert browser.client.post(draft(1), typed).status_code == 409


def test_after_the_end_a_late_draft_harms_nothing(client):
    client.force_login(OnboardedCoupleFactory())
    typed = {"name": "Ada", "version": 0, "then": "back"}
    assert client.post(draft(1), typed).status_code == 302
    assert not WizardDraft.objects.exists()


def test_nul_bytes_are_no_error(browser):
    browser.open(1)
    assert browser.submit(1, {"name": "A\0da"}, to=draft).status_code == 204
