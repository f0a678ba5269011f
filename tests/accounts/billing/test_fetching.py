"""A subscription at Stripe that is not here, and of which Stripe lists no event any more."""

import pytest
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.billing.comparing import compare_with_stripe
from accounts.billing.reading import fetch, take_subscription
from accounts.errors import AccountError
from accounts.invariants.comparing import AGREES
from accounts.models import Customer, Subscription, Tombstone, User, Wedding
from accounts.repairs.comparing import ask_about, beyond_repair, otherwise_listed
from accounts.simulators.account import STRIPE_PRICE
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from tests.accounts.billing.stripe_story import story, subscription
from tests.accounts.billing.test_comparing import BY, mend, result
from tests.accounts.billing.test_comparing import bought as bought
from tests.accounts.billing.test_comparing import stripe as stripe
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory
from tests.vendors import without_identities

pytestmark = pytest.mark.django_db(transaction=True)
vendors = without_identities


@pytest.fixture
def forgotten(stripe, bought):
    """As Stripe has it."""
    stripe.state["events"].clear()
    return stripe.state["subscriptions"][bought]


def compare_twice():
    for _ in range(2):
        compare_with_stripe(by=BY)


def fetch_all():
    compare_twice()
    mend(otherwise_listed(), ask_about)
    deliver_due()


def test_is_fetched_for_whom_its_metadata_names(forgotten):
    fetch_all()

    taken = Subscription.objects.get()
    assert (taken.status, taken.prices) == ("active", [STRIPE_PRICE])
    assert Customer.objects.get().user == taken.user
    assert result(AGREES).result == "holds"
    assert_every_invariant_holds()


def test_is_fetched_for_whom_its_customer_is(forgotten):
    user = User.objects.get()
    Customer.objects.create(stripe_id=forgotten["customer"], user=user)
    forgotten["metadata"] = {}

    fetch_all()

    assert Subscription.objects.get().user == user


def test_every_event_that_comes_after_all_is_newer_than_what_was_read(stripe, bought):
    at_stripe = stripe.state["subscriptions"][bought]
    take_subscription(found=at_stripe | {"status": "past_due"}, by=BY)

    for each in reversed(stripe.state["events"].values()):
        send(each)
    deliver_due()

    row = Subscription.objects.get()
    assert (row.status, row.in_doubt_since) == ("active", None)


def test_whose_account_is_gone_is_left_with_the_reason(forgotten):
    compare_twice()
    Tombstone.objects.bulk_create(Tombstone(uid=each.uid) for each in User.objects.all())
    with atomic():
        Wedding.objects.update(status="closed", closed_at=Now())
        User.objects.all().delete()

    is_left_as_it_is(forgotten, "is not here any more")
    compare_twice()
    assert result(AGREES).result == "holds"


def test_a_second_one_is_left_with_the_reason(stripe, forgotten):
    user = User.objects.get()
    send(subscription("created", story(user, customer=forgotten["customer"]), "active"))
    compare_twice()

    is_left_as_it_is(forgotten, "has another one that runs")


def test_one_that_names_two_accounts_is_left_with_the_reason(forgotten):
    Customer.objects.create(stripe_id=forgotten["customer"], user=CoupleFactory())
    compare_twice()

    is_left_as_it_is(forgotten, "its customer is another's")


def is_left_as_it_is(forgotten, reason):
    assert forgotten["id"] not in str(list(otherwise_listed()))
    assert reason in next(beyond_repair()).text
    with pytest.raises(AccountError):
        fetch(subscription=forgotten["id"], by=BY)
    assert not Subscription.objects.filter(pk=forgotten["id"]).exists()
