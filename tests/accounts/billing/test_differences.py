"""Both directions: what Stripe lists and isn't so here, what runs here and isn't listed there.

A difference is a finding when two comparisons, one after the other, have found it.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.billing.comparing import compare_with_stripe
from accounts.billing.differences import to_be_confirmed
from accounts.clients.outcomes import VendorError
from accounts.invariants.comparing import AGREES, LISTED
from accounts.models import Comparison, Subscription
from accounts.repairs.comparing import ask_about, none_is_listed, not_listed
from accounts.simulators.faults import Fault
from accounts.tasks import compare
from integrity import cli
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from tests.accounts.billing.stripe_story import story, subscription
from tests.accounts.billing.test_comparing import BY, hear_all, mend, result
from tests.accounts.billing.test_comparing import bought as bought
from tests.accounts.billing.test_comparing import stripe as stripe
from tests.accounts.billing.test_inbox import send
from tests.commands import manage as manage
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def differs(stripe, bought):
    """Here it is active still."""
    hear_all(stripe)
    deliver_due()
    stripe.state["subscriptions"][bought]["status"] = "past_due"


@pytest.fixture
def lost(stripe, bought):
    """Another couple's, which runs here, and which Stripe doesn't list. Its id."""
    hear_all(stripe)
    user = CoupleFactory()
    customer = stripe.add_customer({"metadata": {"user_id": str(user.uid)}})
    told = story(user, customer=customer)
    send(subscription("created", told, "active"))
    deliver_due()
    return told.subscription


def compare_twice():
    for _ in range(2):
        compare_with_stripe(by=BY)


class TestOneComparison:
    def test_proves_no_difference(self, differs):
        compare_with_stripe(by=BY)

        assert (result(AGREES).result, to_be_confirmed()) == ("holds", 1)

    def test_proves_none_in_the_other_direction(self, lost):
        compare_with_stripe(by=BY)

        assert (result(LISTED).result, to_be_confirmed()) == ("holds", 1)

    def test_is_followed_by_another_within_the_hour(self, differs):
        compare()
        compare()
        assert Comparison.objects.count() == 1
        Comparison.objects.update(finished_at=timezone.now() - timedelta(minutes=31))

        compare()

        assert (Comparison.objects.count(), result(AGREES).count) == (2, 1)
        assert to_be_confirmed() == 0

    def test_that_found_no_difference_is_not_followed(self, stripe, bought):
        hear_all(stripe)
        compare()
        Comparison.objects.update(finished_at=timezone.now() - timedelta(minutes=31))

        compare()

        assert Comparison.objects.count() == 1

    def test_says_in_a_shell_that_another_is_needed(self, differs, manage, settings):
        settings.DEBUG = True

        once, twice = manage("billing", "compare"), manage("billing", "compare")

        assert (once.code, twice.code) == (cli.HOLDS, cli.FOUND)
        assert "1 differences between the subscriptions were found for the first time" in once.err
        assert AGREES in twice.err


def test_two_that_find_it_prove_it(differs):
    compare_twice()

    assert result(AGREES).count == 1


def test_one_in_between_that_found_them_alike_begins_anew(differs, stripe, bought):
    at_stripe = stripe.state["subscriptions"][bought]
    for status in ("past_due", "active", "past_due"):
        at_stripe["status"] = status
        compare_with_stripe(by=BY)

    assert result(AGREES).result == "holds"


def test_one_that_stops_half_way_is_none(differs, stripe):
    compare_with_stripe(by=BY)
    stripe.faults.add(Fault("status", method="GET", path="v1/subscriptions"))
    with pytest.raises(VendorError):
        compare_with_stripe(by=BY)
    Comparison.objects.filter(finished_at=None).delete()

    assert result(AGREES).result == "holds"


class TestWhatRunsHereAndIsNotListed:
    def test_is_found_by_two(self, lost):
        compare_twice()

        assert result(LISTED).count == 1

    def test_unless_it_came_while_they_read(self, lost):
        compare_with_stripe(by=BY)
        Subscription.objects.filter(pk=lost).update(created_at=timezone.now())
        compare_with_stripe(by=BY)

        assert result(LISTED).result == "holds"

    def test_is_ended_here_where_stripe_knows_the_customer(self, lost):
        compare_twice()

        mend(not_listed(), ask_about)
        deliver_due()

        assert Subscription.objects.get(pk=lost).status == "canceled"
        assert result(LISTED).result == "holds"

    def test_stays_where_stripe_does_not_know_the_customer_either(self, lost, stripe):
        del stripe.state["customers"][Subscription.objects.get(pk=lost).customer_id]
        compare_twice()

        mend(not_listed(), ask_about)
        deliver_due()

        assert Subscription.objects.get(pk=lost).status == "active"
        assert OutboxMessage.objects.get().state == "dead"

    def test_stays_as_long_as_stripe_does_not_answer(self, lost, stripe):
        compare_twice()
        mend(not_listed(), ask_about)
        stripe.faults.add(Fault("status", method="GET", path=lost, status=500))

        deliver_due()

        assert Subscription.objects.get(pk=lost).status == "active"
        assert OutboxMessage.objects.get().state == "pending"

    def test_is_taken_over_as_it_is_where_stripe_knows_it_after_all(self, stripe, bought):
        hear_all(stripe)
        deliver_due()
        left_out = {"object": "list", "data": [], "has_more": False, "url": "/v1/subscriptions"}
        stripe.faults.add(
            Fault("status", path="v1/subscriptions", status=200, body=left_out, times=2)
        )
        compare_twice()
        assert result(LISTED).count == 1
        stripe.state["subscriptions"][bought]["status"] = "past_due"

        mend(not_listed(), ask_about)
        deliver_due()

        assert Subscription.objects.get().status == "past_due"

    def test_a_key_of_another_account_is_thought_of_first(self, lost, stripe):
        compare_twice()
        assert not list(none_is_listed())
        stripe.state["subscriptions"].clear()
        compare_twice()

        assert "may be of another account" in next(none_is_listed()).text
