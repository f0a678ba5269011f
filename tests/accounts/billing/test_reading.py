"""Two events of one second that contradict each other: Stripe is asked, outside any transaction."""

from types import SimpleNamespace

import pytest

from accounts.billing.reading import CannotAsk, read_again, settle_doubt
from accounts.models import Subscription
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault
from integrity.audit import command_actor
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from tests.accounts.billing.stripe_story import story, subscription, subscription_object
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = command_actor("a test")


@pytest.fixture
def told(vendors):
    """A couple who are past due, say two events of one second, or active."""
    user = CoupleFactory()
    known = vendors.stripe.add_customer({"metadata": {"user_id": str(user.uid)}})
    made = vendors.stripe.subscribe(known, STRIPE_PRICE, {"user_id": str(user.uid)})
    told = story(user, customer=known, subscription=made["id"])
    for status in ("past_due", "unpaid"):
        send(subscription("updated", told, status))
    return told


def now(told):
    row = Subscription.objects.get(pk=told.subscription)
    return SimpleNamespace(
        status=row.status, rank=row.event_rank, doubt=row.in_doubt_since is not None, row=row
    )


def test_a_contradiction_is_noted_and_promised_to_be_asked_about(told):
    assert (now(told).status, now(told).doubt) == ("unpaid", True)
    assert OutboxMessage.objects.get().payload == {"subscription": told.subscription}


def test_the_relay_asks_stripe_and_takes_over_what_it_says(told):
    deliver_due()

    assert (now(told).status, now(told).rank, now(told).doubt) == ("active", 2, False)
    assert not OutboxMessage.objects.exists()


def test_an_outage_leaves_the_doubt_for_another_try(told, vendors):
    vendors.stripe.faults.add(Fault(method="GET", kind="status"))

    deliver_due()

    assert now(told).doubt
    assert OutboxMessage.objects.get().attempts == 1


def test_what_stripe_does_not_know_is_given_up(told, vendors):
    vendors.stripe.reset()

    deliver_due()

    assert OutboxMessage.objects.get().state == "dead"


def test_without_a_key_nobody_can_be_asked(told, settings):
    settings.STRIPE_API_KEY = ""

    with pytest.raises(CannotAsk):
        read_again(subscription=told.subscription, by=BY)


def test_where_there_is_no_doubt_nobody_is_asked(told, settings):
    deliver_due()
    settings.STRIPE_API_KEY = ""

    read_again(subscription=told.subscription, by=BY)


def test_a_newer_event_beats_what_was_read_before_it(told):
    asked_at = now(told).row.event_created_at
    send(subscription("updated", told, "paused", after=9))
    found = subscription_object(told, "active")

    taken = settle_doubt(subscription=told.subscription, found=found, asked_at=asked_at, by=BY)

    assert not taken
    assert now(told).status == "paused"


def test_a_third_contradiction_after_it_was_settled_is_asked_about_again(told):
    deliver_due()
    send(subscription("updated", told, "past_due", cancel=True))

    assert (now(told).status, now(told).doubt) == ("active", True)
    deliver_due()
    assert not now(told).doubt


def test_a_doubt_about_an_end_is_over_once_stripe_was_asked(told, vendors):
    deliver_due()
    send(subscription("deleted", told, "canceled", after=9))
    asked_at = now(told).row.event_created_at
    Subscription.objects.update(in_doubt_since=asked_at)
    found = subscription_object(told, "canceled", months=0)

    settle_doubt(subscription=told.subscription, found=found, asked_at=asked_at, by=BY)

    assert not now(told).doubt


def test_an_end_that_was_read_is_final(told, vendors):
    vendors.stripe.end(told.subscription)

    deliver_due()

    assert (now(told).status, now(told).rank) == ("canceled", 9)
