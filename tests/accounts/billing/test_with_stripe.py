"""The stand-in of Stripe tells the endpoint what happened; in the end both know the same."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.billing.entitlement import Plan, plan_of
from accounts.clients.payments import payments
from accounts.models import Customer, Event, Payment, Subscription
from accounts.simulators.account import STRIPE_PRICE
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from tests.factories import CoupleFactory
from tests.vendors import without_identities

pytestmark = pytest.mark.django_db(transaction=True)
vendors = without_identities

DELIVERIES = pytest.mark.parametrize(
    "script",
    [{}, {"copies": 2}, {"reverse": True}, {"reverse": True, "copies": 2}],
    ids=["in order", "twice", "in reverse", "in reverse and twice"],
)


@pytest.fixture
def stripe(vendors):
    def send(body, headers):
        url = reverse("accounts_stripe_webhook")
        signature = {"Stripe-Signature": headers["Stripe-Signature"]}
        answer = Client().post(url, body, content_type="application/json", headers=signature)
        return answer.status_code

    vendors.stripe.webhooks.send = send
    yield vendors.stripe
    vendors.stripe.webhooks.send = None


@pytest.fixture
def couple():
    return CoupleFactory()


def pay(stripe, couple):
    client, uid = payments(), str(couple.uid)
    customer = client.create_customer(email=couple.email, name="Ada", user=uid, key="customer")
    checkout = client.start_checkout(
        customer=customer,
        user=uid,
        price=STRIPE_PRICE,
        success_url="https://everafter.example/done/",
        cancel_url="https://everafter.example/billing/",
        key="checkout",
    )
    return stripe.pay(checkout.id)


def tell(stripe):
    """All that waits, and then what the relay has promised: to ask, where seconds contradict."""
    assert set(stripe.webhooks.deliver()) <= {200}
    deliver_due()


def assert_both_know_the_same(name):
    theirs, ours = payments().subscription(name), Subscription.objects.get(pk=name)

    assert (ours.status, ours.cancel_at_period_end, ours.in_doubt_since) == (
        theirs["status"],
        theirs["cancel_at_period_end"],
        None,
    )
    assert not Event.objects.filter(state="failed").exists()
    assert_every_invariant_holds()


@DELIVERIES
def test_who_pays_has_premium(stripe, couple, script):
    stripe.webhooks.script(**script)
    name = pay(stripe, couple)
    tell(stripe)

    assert_both_know_the_same(name)
    assert plan_of(couple.membership.wedding) == Plan.PREMIUM
    assert Customer.objects.get().user == couple


@DELIVERIES
def test_a_life_with_a_failed_payment(stripe, couple, script):
    """Everything within a second or two, so that the events' times tell little."""
    stripe.webhooks.script(**script)
    name = pay(stripe, couple)
    stripe.renew(name)
    stripe.fail_renewal(name)
    stripe.recover(name)
    tell(stripe)

    assert_both_know_the_same(name)
    assert set(Payment.objects.values_list("state", flat=True)) == {"paid"}


@DELIVERIES
def test_who_ends_it_has_none(stripe, couple, script):
    stripe.webhooks.script(**script)
    name = pay(stripe, couple)
    payments().set_renewal(name, renews=False, key="stop")
    payments().end_subscription(name)
    tell(stripe)

    assert_both_know_the_same(name)
    assert plan_of(couple.membership.wedding) == Plan.FREE
