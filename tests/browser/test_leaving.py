"""A couple deletes the account, keeps it after all, and then lets it go for good."""

import pytest
from playwright.sync_api import expect

from accounts.leaving.holding import place_hold
from accounts.models import Tombstone, User
from integrity.audit import Actor
from integrity.saga.engine import run_due
from tests.browser.test_couple import log_in
from tests.factories import PASSWORD, OnboardedCoupleFactory


@pytest.fixture(autouse=True)
def at_once(settings):
    """Nobody else is at work here, so no call can land late."""
    settings.INTEGRITY = {**settings.INTEGRITY, "SAGA_QUIET": 0.0}


def ask_for_it(visitor, *, when):
    visitor.open("/account/")
    visitor.follow("Delete your account")
    visitor.sees("Delete your account?")
    visitor.look_around()
    visitor.page.get_by_label(when).check()
    visitor.type(password=PASSWORD)
    visitor.press("Delete my account")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_keeps_the_account_and_then_lets_it_go(scripts, open_browser):
    ada, couple = open_browser(scripts=scripts), OnboardedCoupleFactory()
    log_in(ada, couple)

    ask_for_it(ada, when="In 14 days")
    ada.sees("Your account will be deleted")
    ada.look_around()
    run_due()
    ada.press("Keep my account")
    ada.sees("Your account stays")
    run_due()
    ada.follow("Look again")
    expect(ada.page.locator("main")).to_contain_text("Everything is as it was before")
    ada.look_around()

    log_in(ada, couple)
    ask_for_it(ada, when="Now.")
    run_due()
    ada.page.reload()
    ada.sees("Your account is deleted")
    ada.look_around()

    assert not User.objects.filter(pk=couple.pk).exists()
    assert Tombstone.objects.filter(uid=couple.uid).exists()
    log_in(ada, couple)
    expect(ada.page.get_by_role("alert").first).to_be_visible()


def test_is_told_why_it_has_to_be_kept(open_browser):
    ada, couple = open_browser(), OnboardedCoupleFactory()
    place_hold(user=couple, until=None, by=Actor("operator", "eve", "a court asks", via="admin"))
    log_in(ada, couple)

    ask_for_it(ada, when="Now.")
    run_due()
    ada.page.reload()

    ada.sees("Your account could not be deleted")
    expect(ada.page.locator("main")).to_contain_text("for a legal reason")
    ada.look_around()
    assert User.objects.get(pk=couple.pk).leaving_since is None
