"""A couple buys premium on Stripe's stand-in, cancels it, and takes that back."""

import httpx
import pytest
from playwright.sync_api import expect

from accounts.models import PlanChange
from integrity.relay import deliver_due
from tests.browser.test_couple import log_in
from tests.factories import OnboardedCoupleFactory

PLAN = "/account/plan/"


@pytest.fixture
def stripe(vendors, site):
    """Sends its events to this site, when told to."""

    def send(body, headers):
        return httpx.post(f"{site}/webhooks/stripe/", content=body, headers=headers).status_code

    vendors.stripe.webhooks.send = send
    yield vendors.stripe
    vendors.stripe.webhooks.send = None


def look_again(visitor):
    """As somebody without scripts does."""
    visitor.follow("Look again")


def tell(stripe):
    """Its events, and what the worker then does: of two in one second it asks Stripe."""
    stripe.webhooks.deliver()
    deliver_due()


def wait_for(visitor, words):
    if visitor.has_scripts:
        # The page asks by itself.
        expect(visitor.page.locator("#plan-now")).to_contain_text(words, timeout=15_000)
    else:
        look_again(visitor)
        expect(visitor.page.locator("#plan-now")).to_contain_text(words)


def buy(visitor, stripe, deliver):
    visitor.follow("Look at your plan")
    expect(visitor.page.locator("main")).to_contain_text("€19.00 a month")
    visitor.look_around()
    visitor.press("Get premium")
    expect(visitor.page.locator("#plan-now")).to_contain_text("We are asking Stripe for the page")
    visitor.look_around()
    deliver()
    wait_for(visitor, "The page for paying is ready")
    visitor.look_around()
    # Another site, which the visitor's own checks leave alone.
    session = PlanChange.objects.get().checkout_id
    link = visitor.page.get_by_role("link", name="Go to the page for paying")
    expect(link).to_have_attribute("href", PlanChange.objects.get().checkout_url)
    stripe.pay(session)
    visitor.open(f"{PLAN}?back=paid")
    expect(visitor.page.locator("#plan-now")).to_contain_text("Your payment is being confirmed")
    visitor.look_around()
    tell(stripe)
    wait_for(visitor, "Paid by")
    expect(visitor.page.locator("#plan-now")).not_to_contain_text("being confirmed")
    visitor.look_around()


def cancel(visitor, stripe, deliver):
    visitor.open(PLAN)
    visitor.follow("Cancel premium")
    visitor.look_around()
    visitor.press("Yes, cancel premium")
    expect(visitor.page.locator("#plan-now")).to_contain_text("we are telling Stripe")
    deliver()
    wait_for(visitor, "Stripe has your cancelling")
    visitor.look_around()
    tell(stripe)
    wait_for(visitor, "Ends on")


def take_it_back(visitor, stripe, deliver):
    visitor.open(PLAN)
    visitor.look_around()
    visitor.press("Keep premium after all")
    deliver()
    tell(stripe)
    visitor.open(PLAN)
    expect(visitor.page.locator("#plan-now")).to_contain_text("Next charge")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_buys_cancels_and_takes_it_back(scripts, open_browser, stripe, deliver_mail):
    ada = open_browser(scripts=scripts)
    log_in(ada, OnboardedCoupleFactory())
    ada.open("/account/")

    buy(ada, stripe, deliver_mail)
    cancel(ada, stripe, deliver_mail)
    take_it_back(ada, stripe, deliver_mail)


def test_is_told_that_there_is_nothing_to_buy(open_browser):
    ada = open_browser()
    log_in(ada, OnboardedCoupleFactory())

    ada.open(PLAN)

    expect(ada.page.locator("main")).to_contain_text("There is nothing to buy on this site")
    ada.look_around()
