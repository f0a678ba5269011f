"""Whoever the identity provider knows changes the address, and sees at any time which one counts."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from accounts.simulators.faults import FOREVER, Fault
from integrity.models import Saga
from integrity.saga.control import pause
from tests.accounts.addresses.story import NEW, OLD, known
from tests.accounts.elsewhere.supabase_story import there
from tests.accounts.exporting.test_copies import ANN
from tests.accounts.leaving.story import run, run_to_the_end
from tests.browser.test_couple import follow_its_link, log_in
from tests.factories import PASSWORD

PAGE = "/account/email/"


@pytest.fixture(autouse=True)
def supabase(vendors, settings):
    """The identity provider alone; nobody else is at work, so no call can land late."""
    settings.RESEND_SENDING_KEY = settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    settings.STRIPE_API_KEY = ""
    settings.INTEGRITY = {**settings.INTEGRITY, "SAGA_QUIET": 0.0}
    return vendors.supabase


@pytest.fixture
def ada(supabase):
    return known()


@pytest.fixture
def confirmed(ada, open_browser, deliver_mail):
    """In a browser in which she is logged in."""

    def confirmed(*, scripts=True):
        visitor = open_browser(scripts=scripts)
        log_in(visitor, ada)
        ask(visitor)
        deliver_mail()
        visitor.open("/demo/mail/")
        visitor.page.get_by_role("row").filter(has_text=NEW).get_by_role("link").click()
        visitor.sees("As text")
        follow_its_link(visitor)
        visitor.look_around()
        visitor.press("Yes, confirm it")
        visitor.is_at(PAGE)
        return visitor

    return confirmed


def ask(visitor):
    visitor.open("/account/")
    visitor.follow("Change your e-mail address")
    visitor.look_around()
    visitor.type(email=NEW, password=PASSWORD)
    visitor.press("Change the address")
    visitor.sees("Waiting for you to confirm")
    reads(visitor, f"You log in with {OLD}")
    visitor.look_around()


def reads(visitor, *texts):
    for text in texts:
        expect(visitor.page.locator("main")).to_contain_text(text)


def look_again(visitor):
    visitor.follow("Look again")
    visitor.page.wait_for_load_state()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_asks_confirms_waits_and_logs_in_with_the_new_one(scripts, ada, confirmed, open_browser):
    visitor = confirmed(scripts=scripts)
    visitor.sees("We are moving your account")
    reads(visitor, f"You log in with {OLD}")
    visitor.look_around()

    assert run_to_the_end(Saga.objects.get()) == "completed"
    look_again(visitor)
    visitor.is_at(PAGE)
    reads(visitor, f"You log in with {NEW}")
    visitor.look_around()

    elsewhere = open_browser(scripts=scripts)
    log_in(elsewhere, ada)
    expect(elsewhere.page.get_by_role("alert").first).to_be_visible()
    log_in(elsewhere, User.objects.get(pk=ada.pk))
    elsewhere.open(PAGE)
    elsewhere.is_at(PAGE)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_is_told_that_it_was_refused_and_that_the_old_one_stays(scripts, ada, confirmed, supabase):
    visitor = confirmed(scripts=scripts)
    body = {"code": "validation_failed", "message": "no"}
    supabase.faults.add(Fault("status", method="PUT", status=400, body=body))

    assert run_to_the_end(Saga.objects.get()) == "compensated"
    look_again(visitor)

    reads(visitor, f"You log in with {OLD}", "could not be made")
    visitor.look_around()
    assert there(ada) == (OLD, True)


def test_is_told_while_the_provider_is_down_and_keeps_the_old_one(ada, confirmed, supabase):
    visitor = confirmed()
    supabase.faults.add(Fault("status", status=503, times=FOREVER))
    run(Saga.objects.get())
    look_again(visitor)
    reads(visitor, "It takes longer now")
    visitor.look_around()

    visitor.press("Keep the old address")
    visitor.sees("Your address stays")
    visitor.look_around()

    supabase.faults.clear()
    assert run_to_the_end(Saga.objects.get()) == "compensated"
    look_again(visitor)
    visitor.sees("Change it")
    reads(visitor, f"You log in with {OLD}")


def test_is_told_that_a_person_looks_at_it(ada, confirmed):
    visitor = confirmed()
    pause(saga=Saga.objects.get().uid, by=ANN)

    look_again(visitor)

    visitor.sees("A person is looking at your change")
    visitor.look_around()
