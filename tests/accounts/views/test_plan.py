"""The page of the plan says what is true now, and asks for nothing twice."""

import pytest
from django.contrib.messages import get_messages
from django.db.models.functions import Now

from accounts.billing import prices
from accounts.billing.plan_facts import NEWS
from accounts.billing.prices import in_words, money
from accounts.models import PlanChange, Subscription
from accounts.simulators import stripe_objects
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault
from tests.accounts.billing.stripe_story import checkout, invoice, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = "/account/plan/"


@pytest.fixture
def couple(client):
    user = CoupleFactory(address__verified=True)
    client.force_login(user)
    return user


def page(client, query=""):
    answer = client.get(PLAN + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def subscribed(user, status="active", **changes):
    told = story(user)
    send(subscription("created", told, status, **changes))
    return told


def open_page(user):
    change = PlanChange.objects.create(
        user=user,
        kind="buy",
        state="open",
        checkout_id="cs_1",
        checkout_url="https://pay.example/cs_1",
        answered_at=Now(),
    )
    return change


def settle(**values):
    PlanChange.objects.update(answered_at=Now(), **values)


class TestWithoutStripe:
    def test_it_says_that_there_is_nothing_to_buy(self, client, couple):
        shown = page(client)

        assert "There is nothing to buy on this site" in shown
        assert "Get premium" not in shown

    def test_and_sells_nothing(self, client, couple):
        answer = client.post(f"{PLAN}buy/", follow=True)

        assert "There is nothing to buy" in answer.content.decode()
        assert not PlanChange.objects.exists()


class TestTheirPrice:
    def test_whoever_bought_at_a_former_price_sees_that_one(
        self, client, couple, vendors, settings
    ):
        settings.STRIPE_FORMER_PRICES = ["price_of_before"]
        vendors.stripe.state["prices"]["price_of_before"] = stripe_objects.price(
            "price_of_before", now=0, amount=1200
        )
        subscribed(couple, price="price_of_before", months=240)
        shown = page(client)

        assert ("€12.00 a month" in shown, "€19.00" in shown) == (True, False)
        assert "<h2>Premium</h2>" in shown

    def test_whoever_pays_for_something_else_is_told_so_and_may_end_it(
        self, client, couple, vendors
    ):
        subscribed(couple, price="price_of_something_else")
        shown = page(client)

        assert "<h2>Free</h2>" in shown
        assert "premium, so you have the free plan" in shown
        assert (str(couple.uid) in shown, "Cancel it" in shown) == (True, True)
        asked = client.get(f"{PLAN}cancel/").text
        assert ("Cancel what you pay for?" in asked, "premium" in asked) == (True, False)


class TestBuying:
    def test_the_price_is_stripe_s(self, client, couple, vendors):
        assert "€19.00 a month" in page(client)
        assert "Get premium" in page(client)

    def test_stripe_is_not_asked_for_it_at_each_look(self, client, couple, vendors):
        page(client)
        before = len(vendors.stripe.calls)
        page(client)

        assert len(vendors.stripe.calls) == before

    def test_a_price_that_cannot_be_read_is_told_later(self, client, couple, vendors):
        vendors.stripe.faults.add(Fault(method="GET", kind="status"))

        assert "The price is shown before you pay" in page(client)

    def test_nobody_waits_long_for_it_and_only_one_at_all(
        self, client, couple, vendors, monkeypatch
    ):
        monkeypatch.setattr(prices, "PATIENCE", 0.2)
        vendors.stripe.faults.add(Fault(method="GET", kind="delay", seconds=2.0, times=2))

        for _ in range(2):
            assert "The price is shown before you pay" in page(client)

        assert len(vendors.stripe.calls) == 1

    def test_it_says_what_premium_has(self, client, couple, vendors):
        assert "1000 invitations a month" in page(client)

    def test_a_click_is_an_intent_and_two_are_the_same(self, client, couple, vendors):
        form = {"operation": "6f0b7f0e-0000-4000-8000-000000000001"}

        for _ in range(2):
            assert client.post(f"{PLAN}buy/", form).url == PLAN

        assert PlanChange.objects.get().state == "waiting"
        shown = page(client)
        assert "We are asking Stripe for the page" in shown
        assert 'hx-trigger="every 2s"' in shown
        assert "Get premium" not in shown

    def test_another_click_is_told_to_wait(self, client, couple, vendors):
        client.post(f"{PLAN}buy/")
        answer = client.post(f"{PLAN}buy/")

        assert "isn't finished yet" in str(next(iter(get_messages(answer.wsgi_request))))

    def test_the_page_for_paying_is_a_link(self, client, couple, vendors):
        open_page(couple)

        assert 'href="https://pay.example/cs_1"' in page(client)

    def test_one_that_is_a_day_old_is_not_offered(self, client, couple, vendors):
        open_page(couple)
        PlanChange.objects.update(answered_at="2020-01-01T00:00:00Z")

        shown = page(client)

        assert "pay.example" not in shown
        assert "Get premium" in shown

    def test_back_from_paying_it_is_being_confirmed_and_not_granted(self, client, couple, vendors):
        open_page(couple)

        shown = page(client, "?back=paid")

        assert "Your payment is being confirmed" in shown
        assert "<h2>Free</h2>" in shown

    def test_it_is_being_confirmed_until_the_subscription_is_here(self, client, couple, vendors):
        open_page(couple)
        told = story(couple, start=4_000_000_000)
        event = checkout(told)
        event["data"]["object"]["id"] = "cs_1"
        send(event)
        assert "Your payment is being confirmed" in page(client)

        send(subscription("created", told, "active"))

        shown = page(client, "?back=paid")
        assert "being confirmed" not in shown
        assert "<h2>Premium</h2>" in shown

    def test_it_asks_again_by_itself_for_a_minute_only(self, client, couple, vendors):
        client.post(f"{PLAN}buy/")

        assert "asked=30" in page(client, "?asked=29")
        assert "hx-trigger" not in page(client, "?asked=30")
        assert "hx-trigger" in page(client, "?asked=nonsense")

    @pytest.mark.parametrize(
        ("reason", "words"),
        [
            ("refused", "Stripe has refused"),
            ("subscribed", "not asked to pay twice"),
            ("expired", "Nobody has paid within a day"),
        ],
    )
    def test_what_did_not_work_is_said_with_what_is_true(
        self, reason, words, client, couple, vendors
    ):
        client.post(f"{PLAN}buy/")
        settle(state="failed", reason=reason)

        shown = page(client)

        assert words in shown
        assert "Get premium" in shown
        PlanChange.objects.update(answered_at=Now() - NEWS)
        assert words not in page(client), "it is no news any more"


class TestWhoeverHasPremium:
    def test_sees_the_next_charge_and_the_invoices(self, client, couple, vendors):
        told = subscribed(couple)
        send(invoice("paid", told))

        shown = page(client)

        assert "Next charge" in shown
        assert "31 January 2026" in shown
        assert "€19.00" in shown
        assert "Get premium" not in shown

    def test_cancels_in_two_clicks(self, client, couple, vendors):
        subscribed(couple)
        assert f'href="{PLAN}cancel/"' in page(client)
        asked = client.get(f"{PLAN}cancel/").content.decode()
        assert "Yes, cancel premium" in asked
        assert "31 January 2026" in asked

        client.post(f"{PLAN}cancel/")

        assert PlanChange.objects.get().kind == "cancel"
        assert "we are telling Stripe" in page(client)

    def test_is_told_that_stripe_has_it_until_the_event_is_in(self, client, couple, vendors):
        told = subscribed(couple)
        client.post(f"{PLAN}cancel/")
        settle(state="done")
        assert "Stripe has your cancelling" in page(client)

        send(subscription("updated", told, "active", cancel=True, after=9))

        shown = page(client)
        assert "Premium is cancelled" in shown
        assert "Ends on" in shown
        assert "Stripe has your cancelling" not in shown

    def test_takes_it_back(self, client, couple, vendors):
        subscribed(couple, cancel=True)
        assert "Keep premium after all" in page(client)

        client.post(f"{PLAN}keep/")

        assert PlanChange.objects.get().kind == "keep"
        assert "Premium is cancelled" not in page(client)

    def test_what_an_operator_changes_at_stripe_later_is_no_confirmation(
        self, client, couple, vendors
    ):
        subscribed(couple)
        client.post(f"{PLAN}cancel/")
        settle(state="done")
        Subscription.objects.update(event_created_at="2100-01-01T00:00:00Z")

        assert "Stripe has your cancelling" not in page(client)

    def test_is_not_asked_whether_to_cancel_what_is_cancelled(self, client, couple, vendors):
        subscribed(couple, cancel=True)

        assert client.get(f"{PLAN}cancel/").url == PLAN


class TestOthers:
    def test_an_operator_has_no_plan(self, client):
        client.force_login(OperatorFactory())

        for path in (PLAN, f"{PLAN}cancel/"):
            assert client.get(path).status_code == 302

    def test_a_stranger_is_asked_who_they_are(self, client):
        assert client.get(PLAN).url.startswith("/login/")
        assert client.post(f"{PLAN}buy/").url.startswith("/login/")

    @pytest.mark.parametrize("path", ["buy/", "keep/"])
    def test_looking_changes_nothing(self, path, client, couple):
        assert client.get(PLAN + path).status_code == 405


class TestMoney:
    def test_is_written_as_people_write_it(self):
        assert money(123_456, "eur") == "€1,234.56"
        assert money(1900, "nok") == "19.00 NOK"
        assert money(1900, "jpy") == "1,900 JPY"

    def test_a_price_that_is_no_price_of_ours_is_not_guessed(self, vendors):
        vendors.stripe.state["prices"][STRIPE_PRICE]["recurring"]["interval_count"] = 3

        assert in_words(STRIPE_PRICE) == ""
