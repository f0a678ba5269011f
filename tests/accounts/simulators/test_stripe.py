import httpx
import pytest
import stripe

from accounts.clients.payments import payments
from accounts.simulators.account import STRIPE_PRICE, WEBHOOK_SECRET
from accounts.simulators.faults import Fault
from accounts.simulators.stripe_objects import PERIOD


@pytest.fixture
def checkout(vendors):
    client = payments()
    customer = client.create_customer(email="ada@example.com", name="Ada", user="5d1c", key="c")
    return client.start_checkout(
        customer=customer,
        user="5d1c",
        price=STRIPE_PRICE,
        success_url="https://everafter.example/done/?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://everafter.example/billing/",
        key="checkout",
    )


@pytest.fixture
def endpoint(vendors):
    """Takes what is sent, verifies it as the SDK does, and answers as it is told."""
    seen, answers = [], []

    def take(body, headers):
        event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], WEBHOOK_SECRET)
        seen.append(event)
        return answers.pop(0) if answers else 200

    vendors.stripe.webhooks.send = take
    take.seen, take.answers = seen, answers
    yield take
    vendors.stripe.webhooks.send = None


def kinds(endpoint):
    return [event["type"] for event in endpoint.seen]


SIGN_UP = [
    "customer.created",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.paid",
    "checkout.session.completed",
]


class TestHostedPage:
    def test_the_visitor_pays_and_comes_back(self, vendors, checkout):
        page = httpx.get(checkout.url)
        paid = httpx.post(checkout.url, data={"with": "good card"})

        assert "Pay €19.00 a month" in page.text
        assert paid.status_code == 303
        assert paid.headers["Location"].endswith(f"/done/?session={checkout.id}")
        assert payments().checkout(checkout.id)["payment_status"] == "paid"

    def test_a_declined_card_changes_nothing(self, vendors, checkout):
        before = len(vendors.stripe.ledger)

        page = httpx.post(checkout.url, data={"with": "declined card"})

        assert "Your card was declined" in page.text
        assert len(vendors.stripe.ledger) == before

    def test_it_never_fails_whatever_the_api_does(self, vendors, checkout):
        vendors.stripe.faults.add(Fault("reset_before"))

        assert httpx.get(checkout.url).status_code == 200
        assert len(vendors.stripe.faults) == 1

    def test_a_session_is_paid_once(self, vendors, checkout):
        for _ in range(2):
            page = httpx.post(checkout.url, data={"with": "good card"})

        assert "This session is over" in page.text
        assert len(vendors.stripe.effects("customer.subscription.created")) == 1


class TestLife:
    @pytest.fixture
    def subscription(self, vendors, checkout):
        return vendors.stripe.pay(checkout.id)

    def period_end(self, subscription):
        return payments().subscription(subscription)["items"]["data"][0]["current_period_end"]

    def test_a_renewal_is_paid_to_the_end_of_the_next_period(self, vendors, subscription):
        before = self.period_end(subscription)
        vendors.stripe.renew(subscription)

        assert self.period_end(subscription) == before + PERIOD

    def test_a_failed_renewal_recovers(self, vendors, subscription):
        vendors.stripe.fail_renewal(subscription)
        failed = payments().subscription(subscription)["status"]
        vendors.stripe.recover(subscription)

        assert (failed, payments().subscription(subscription)["status"]) == ("past_due", "active")

    def test_what_was_to_end_ends_with_its_period(self, vendors, subscription):
        payments().set_renewal(subscription, renews=False, key="stop")
        vendors.stripe.renew(subscription)

        assert payments().subscription(subscription)["status"] == "canceled"

    def test_somebody_else_may_change_it_right_after_us(self, vendors, subscription):
        vendors.stripe.faults.add(
            Fault("changed", method="POST", values={"cancel_at_period_end": False})
        )

        answered = payments().set_renewal(subscription, renews=False, key="stop")

        assert answered["cancel_at_period_end"] is True
        assert payments().subscription(subscription)["cancel_at_period_end"] is False
        assert vendors.stripe.effects("edited")[0].by == "somebody else"


class TestWebhooks:
    def test_they_are_signed_and_in_order(self, vendors, endpoint, checkout):
        vendors.stripe.pay(checkout.id)

        assert vendors.stripe.webhooks.deliver() == [200] * 5
        assert kinds(endpoint) == SIGN_UP

    def test_they_come_twice_and_in_reverse(self, vendors, endpoint, checkout):
        vendors.stripe.pay(checkout.id)
        vendors.stripe.webhooks.script(copies=2, reverse=True)
        vendors.stripe.webhooks.deliver()

        assert kinds(endpoint) == [kind for kind in reversed(SIGN_UP) for _ in range(2)]

    def test_what_is_late_is_not_due(self, vendors, endpoint, checkout):
        vendors.stripe.webhooks.deliver()
        vendors.stripe.webhooks.script(late=3600.0)
        vendors.stripe.pay(checkout.id)

        assert vendors.stripe.webhooks.deliver_due() == []

    @pytest.mark.parametrize("refusal", [500, 0])
    def test_what_is_not_taken_comes_again(self, vendors, endpoint, checkout, refusal):
        endpoint.answers.append(refusal)
        vendors.stripe.webhooks.deliver()
        vendors.stripe.webhooks.deliver()

        assert kinds(endpoint) == ["customer.created"] * 2
        assert vendors.stripe.webhooks.deliver() == []

    def test_an_event_tells_the_state_of_its_moment(self, vendors, endpoint, checkout):
        subscription = vendors.stripe.pay(checkout.id)
        vendors.stripe.fail_renewal(subscription)
        vendors.stripe.webhooks.deliver()

        told = [event["data"]["object"]["status"] for event in endpoint.seen[1:3]]
        assert told == ["incomplete", "active"]
