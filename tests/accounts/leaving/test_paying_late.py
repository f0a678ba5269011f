"""Somebody who leaves pays all the same, on a page of Stripe's that was open."""

import pytest

from accounts.clients import payments
from accounts.simulators.faults import Fault
from integrity.saga.outcomes import RefusedForGood
from tests.accounts.leaving.story import (
    LATER,
    assert_as_before,
    begin,
    changed,
    known_everywhere,
    open_page,
    run,
    run_to_the_end,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


def refuse(at):
    raise RefusedForGood("on purpose")


@pytest.fixture
def paying(ada, vendors, monkeypatch):
    """They do, after the open pages were read and before this one is closed."""
    close, bought = payments.Payments.expire_checkout, []

    def too_late(client, session, *, key):
        if not bought:
            bought.append(vendors.stripe.pay(session))
        close(client, session, key=key)

    monkeypatch.setattr(payments.Payments, "expire_checkout", too_late)
    return bought


def test_just_before_it_is_closed_and_what_they_bought_ends_too(ada, vendors, paying):
    saga = begin(ada, LATER)
    assert run(saga) == "running"

    (bought,) = paying
    assert vendors.stripe.state["subscriptions"][bought]["cancel_at_period_end"]
    assert run_to_the_end(saga) == "completed"
    assert vendors.stripe.state["subscriptions"][bought]["status"] == "canceled"
    assert vendors.stripe.state["sessions"][ada.page]["status"] == "complete"


def test_and_stays_after_all_with_what_they_bought(ada, vendors, paying):
    with changed("seal", run=refuse):
        assert run_to_the_end(begin(ada)) == "compensated"

    (bought,) = paying
    kept = vendors.stripe.state["subscriptions"][bought]
    assert (kept["status"], kept["cancel_at_period_end"]) == ("active", False)
    assert_as_before(ada, vendors)


def test_that_was_opened_since_but_not_after_the_seal(ada, vendors, fails):
    def open_another(at):
        open_page(ada.user, ada.customer)

    payments._sdk.cache_clear()
    fails("stripe", Fault("status", method="DELETE", path="/v1/subscriptions/", status=400))
    with changed("preflight", run=open_another):
        assert run_to_the_end(begin(ada)) == "attention"

    pages = vendors.stripe.state["sessions"].values()
    assert {each["status"] for each in pages} == {"expired"}
