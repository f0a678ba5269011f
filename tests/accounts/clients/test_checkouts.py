"""Pages for paying: which are open, and how one is closed."""

import pytest

from accounts.clients.outcomes import Rejected
from accounts.clients.payments import payments
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault

ADA = {"email": "ada+list@example.com", "name": "Ada", "user": "5d1c"}


@pytest.fixture
def client(vendors):
    return payments()


@pytest.fixture
def customer(client):
    return client.create_customer(**ADA, key="customer")


@pytest.fixture
def page(client, customer):
    where = {"success_url": "https://a.example/", "cancel_url": "https://a.example/"}
    paid = {"customer": customer, "user": "5d1c", "price": STRIPE_PRICE, "key": "checkout"}
    return client.start_checkout(**paid, **where)


def open_pages(client, customer):
    return [each["id"] for each in client.open_checkouts(customer=customer)]


def test_one_that_is_expired_is_open_no_more(vendors, client, customer, page):
    other = client.create_customer(**ADA, key="another customer")
    assert open_pages(client, customer) == [page.id]
    assert open_pages(client, other) == []

    client.expire_checkout(page.id, key="expire")

    assert open_pages(client, customer) == []
    assert client.checkout(page.id)["status"] == "expired"


@pytest.mark.parametrize("how", ["expired", "complete"])
def test_one_that_is_over_is_left_as_it_is(vendors, client, page, how):
    vendors.stripe.pay(page.id) if how == "complete" else vendors.stripe.expire(page.id)

    client.expire_checkout(page.id, key="expire")

    assert client.checkout(page.id)["status"] == how
    assert len(vendors.stripe.effects(id=page.id)) == 2


def test_one_that_nobody_knows_cannot_be_paid_on(client):
    client.expire_checkout("cs_test_unknown", key="expire")


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_is_believed_only_where_it_is_over(vendors, client, page, status):
    vendors.stripe.faults.add(Fault("status", method="POST", status=status))

    with pytest.raises(Rejected):
        client.expire_checkout(page.id, key="expire")
