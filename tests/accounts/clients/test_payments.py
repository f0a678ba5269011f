import json

import pytest
import requests
import stripe

from accounts.clients.outcomes import Missing, NotSent, Rejected, Unknown, Wait
from accounts.clients.payment_errors import outcome
from accounts.clients.payments import RETRIES_IN_VIEWS, payments
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault
from tests.contracts import published

ADA = {"email": "ada+list@example.com", "name": "Ada", "user": "5d1c"}


@pytest.fixture
def client(vendors):
    return payments()


@pytest.fixture
def customer(client):
    return client.create_customer(**ADA, key="customer")


@pytest.fixture
def subscription(vendors, client, customer):
    checkout = client.start_checkout(
        customer=customer,
        user="5d1c",
        price=STRIPE_PRICE,
        success_url="https://everafter.example/done/?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://everafter.example/billing/",
        key="checkout",
    )
    return vendors.stripe.pay(checkout.id)


def test_without_a_key_there_is_no_client(settings):
    settings.STRIPE_API_KEY = ""

    assert payments() is None


class TestOneIntention:
    def test_the_same_key_makes_one_customer(self, vendors, client):
        first = client.create_customer(**ADA, key="customer")

        assert client.create_customer(**ADA, key="customer") == first
        assert len(vendors.stripe.effects("customer.created")) == 1

    def test_a_lost_answer_is_asked_for_again_under_the_same_key(self, vendors, client):
        vendors.stripe.faults.add(Fault("reset_after", path="customers"))
        with pytest.raises(Unknown) as lost:
            client.create_customer(**ADA, key="customer")

        found = client.create_customer(**ADA, key="customer")

        assert lost.value.status is None
        assert [line.id for line in vendors.stripe.effects("customer.created")] == [found]

    def test_a_stored_error_is_replayed_until_the_key_changes(self, vendors, client):
        vendors.stripe.faults.add(Fault("status", method="POST", status=500))
        for _ in range(2):
            with pytest.raises(Unknown) as stored:
                client.create_customer(**ADA, key="customer:0")
            assert stored.value.status == 500

        assert client.create_customer(**ADA, key="customer:1")

    def test_one_key_for_two_intentions_is_our_mistake(self, client):
        client.create_customer(**ADA, key="customer")

        with pytest.raises(Rejected, match="400"):
            client.create_customer(**ADA | {"name": "Eve"}, key="customer")

    def test_background_work_calls_once_and_a_view_again(self, vendors):
        for retries, wanted in ((0, 1), (RETRIES_IN_VIEWS, 2)):
            vendors.reset()
            vendors.stripe.faults.add(Fault("reset_after"))
            try:
                payments(retries=retries).create_customer(**ADA, key="customer")
            except Unknown:
                assert retries == 0
            assert len(vendors.stripe.calls) == wanted
            assert len(vendors.stripe.effects("customer.created")) == 1


class TestSubscription:
    def test_a_visitor_who_pays_has_one(self, client, customer, subscription):
        found = client.subscription(subscription)

        assert (found["status"], found["customer"]) == ("active", customer)
        assert found["metadata"] == {"user_id": "5d1c"}
        assert client.invoice(found["latest_invoice"])["status"] == "paid"
        assert [each["id"] for each in client.subscriptions(customer=customer)] == [subscription]

    def test_renewal_is_stopped_and_taken_up_again(self, client, subscription):
        client.set_renewal(subscription, renews=False, key="stop", metadata={"deletion": "7"})
        stopped = client.subscription(subscription)
        client.set_renewal(subscription, renews=True, key="go on")

        assert stopped["cancel_at_period_end"] is True
        assert stopped["metadata"] == {"user_id": "5d1c", "deletion": "7"}
        assert client.subscription(subscription)["cancel_at_period_end"] is False

    def test_to_end_it_twice_is_to_end_it(self, vendors, client, subscription):
        client.end_subscription(subscription)
        client.end_subscription(subscription)

        assert client.subscription(subscription)["status"] == "canceled"
        assert len(vendors.stripe.effects("customer.subscription.deleted")) == 1

    def test_a_404_is_not_believed_while_it_can_be_read(self, vendors, client, subscription):
        vendors.stripe.faults.add(Fault("status", method="DELETE", status=404))

        with pytest.raises(Missing):
            client.end_subscription(subscription)

    def test_to_end_what_stripe_never_knew_is_not_done(self, client):
        with pytest.raises(Missing):
            client.end_subscription("sub_of_another_account")

    def test_what_has_ended_can_not_go_on(self, client, subscription):
        client.end_subscription(subscription)

        with pytest.raises(Missing):
            client.set_renewal(subscription, renews=True, key="go on")

    def test_a_wrong_address_is_not_taken_for_an_absent_object(
        self, vendors, settings, subscription
    ):
        settings.STRIPE_API_URL = f"{vendors.url}/nowhere"

        for ask in (payments().subscription, payments().end_subscription):
            with pytest.raises(Rejected, match="404") as refused:
                ask(subscription)
            assert not isinstance(refused.value, Missing)


class TestCustomer:
    def test_it_is_renamed(self, vendors, client, customer):
        client.update_customer(customer, email="eve@example.com", name="Eve", key="update")

        found = client.customer(customer)
        assert (found["email"], found["name"]) == ("eve@example.com", "Eve")

    def test_to_delete_it_twice_is_to_delete_it(self, vendors, client, customer, subscription):
        client.delete_customer(customer)
        client.delete_customer(customer)

        assert client.customer(customer) is None
        assert client.subscription(subscription)["status"] == "canceled"
        assert len(vendors.stripe.effects("customer.deleted")) == 1

    def test_a_404_is_not_believed_while_it_can_be_read(self, vendors, client, customer):
        vendors.stripe.faults.add(Fault("status", method="DELETE", status=404))

        with pytest.raises(Missing):
            client.delete_customer(customer)

    def test_to_delete_what_stripe_never_knew_is_not_done(self, client):
        with pytest.raises(Missing):
            client.delete_customer("cus_of_another_account")


class TestEvents:
    def test_all_pages_are_read(self, vendors, client, customer):
        for number in range(130):
            client.update_customer(customer, email="a@b.com", name=str(number), key=f"u{number}")

        told = list(client.events(since=0, types=["customer.updated"]))

        assert [event["data"]["object"]["name"] for event in told] == [
            str(number) for number in reversed(range(130))
        ]

    def test_only_what_happened_since_is_told(self, vendors, client, customer):
        at = vendors.stripe.effects("customer.created")[0].at

        assert [event["type"] for event in client.events(since=int(at))] == ["customer.created"]
        assert list(client.events(since=int(at) + 1)) == []

    @pytest.mark.parametrize("row", [[{"id": "evt_1"}], []], ids=["the same row", "no row"])
    def test_a_list_that_says_more_and_shows_nothing_new_is_no_whole_list(self, vendors, row):
        page = {"object": "list", "data": row, "has_more": True, "url": "/v1/events"}
        vendors.stripe.faults.add(Fault("status", status=200, body=page, times=9))

        with pytest.raises(Unknown, match="pages_repeat"):
            list(payments().events(since=0))

        assert len(vendors.stripe.calls) <= 2

    def test_a_list_that_does_not_say_whether_there_is_more_proves_nothing(self, vendors, client):
        page = {"object": "list", "data": [], "url": "/v1/events"}
        vendors.stripe.faults.add(Fault("status", status=200, body=page))

        with pytest.raises(Unknown, match="not_understood"):
            list(client.events(since=0))


class TestOutcomes:
    @pytest.mark.parametrize(
        ("fault", "wanted"),
        [
            (Fault("reset_before"), Unknown),
            (Fault("reset_after"), Unknown),
            (Fault("hang_after"), Unknown),
            (Fault("delay"), Unknown),
            (Fault("garbage"), Unknown),
            (Fault("status", status=503), Unknown),
            (Fault("status_after", status=500), Unknown),
            (Fault("status", status=409), Wait),
            (Fault("status", status=429), Wait),
            (Fault("status", status=401), Rejected),
            (Fault("status", status=402), Rejected),
        ],
        ids=lambda each: each.kind if isinstance(each, Fault) else each.__name__,
    )
    def test_what_goes_wrong_has_one_meaning(self, fails, fault, wanted):
        fails("stripe", fault)

        with pytest.raises(wanted) as raised:
            payments().create_customer(**ADA, key="customer")

        assert "@" not in str(raised.value)
        assert raised.value.__cause__ is None

    def test_nobody_there_is_certainly_not_done(self, vendors, settings):
        settings.STRIPE_API_URL = "http://127.0.0.1:9"

        with pytest.raises(NotSent):
            payments().create_customer(**ADA, key="customer")

    def test_the_pause_is_the_one_that_was_asked_for(self, vendors, client):
        vendors.stripe.faults.add(Fault("status", status=429, headers={"Retry-After": "7"}))

        with pytest.raises(Wait) as raised:
            client.customer("cus_1")

        assert raised.value.after == 7

    def test_a_refused_key_is_refused_for_everybody(self, vendors, settings):
        settings.STRIPE_API_KEY = "sk_test_wrong"

        with pytest.raises(Rejected) as raised:
            payments().customer("cus_1")

        assert raised.value.is_for_everybody

    @published.needed
    @pytest.mark.parametrize("sample", published.samples("stripe"), ids=lambda each: each["note"])
    def test_the_vendors_own_errors_mean_what_they_say(self, vendors, client, sample):
        answer = Fault("status", status=sample["status"], body=sample["body"], times=2)
        answer.headers = sample["headers"]
        vendors.stripe.faults.add(answer)
        wanted = {"done": "rejected"}.get(sample["class"], sample["class"])

        with pytest.raises((Missing, Rejected, Unknown, Wait)) as raised:
            client.end_subscription("sub_1EvrAftr0000000000000001")

        assert raised.value.outcome == wanted


def test_a_time_out_while_connecting_is_certainly_not_done():
    error = stripe.APIConnectionError("no")
    error.__cause__ = requests.ConnectTimeout()

    assert isinstance(outcome("stripe x", error), NotSent)


def test_what_is_told_of_an_object_is_plain_json(client, subscription):
    assert json.loads(json.dumps(client.subscription(subscription)))["id"] == subscription
