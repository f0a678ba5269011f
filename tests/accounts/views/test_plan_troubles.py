"""The page of the plan where not all is well, and where there are two who may pay."""

import pytest

from accounts.models import PlanChange
from tests.accounts.billing.stripe_story import invoice, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.accounts.views.test_plan import PLAN, open_page, page, settle, subscribed
from tests.accounts.views.test_plan import couple as couple
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


class TestNotPaidFor:
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("past_due", "The last payment was declined. It is tried again"),
            ("unpaid", "it is not tried again"),
            ("incomplete", "within a day, the subscription lapses"),
        ],
    )
    def test_a_payment_that_fails_is_told_in_words(self, status, words, client, couple, vendors):
        told = subscribed(couple, status)
        send(invoice("payment_failed", told))

        shown = page(client)

        assert words in shown
        assert "€19.00, not collected" in shown
        may_be_cancelled = f'href="{PLAN}cancel/"' in shown
        assert may_be_cancelled is (status != "incomplete"), "Stripe refuses that"

    def test_what_is_not_paid_for_is_not_said_to_be(self, client, couple, vendors):
        told = subscribed(couple, "past_due")
        asked = client.get(f"{PLAN}cancel/").content.decode()
        assert "which is paid for" not in asked
        assert "may still be tried" in asked
        client.post(f"{PLAN}cancel/")
        assert "cancel here" not in page(client), "that is on its way already"

        settle(state="done")
        send(subscription("updated", told, "past_due", cancel=True, after=9))

        shown = page(client)
        assert "the subscription ends on 31 January 2026" in shown
        assert "cancel here" not in shown
        assert "Keep premium after all" in shown

    def test_what_was_refused_is_no_news_for_whoever_has_premium_since(
        self, client, couple, vendors
    ):
        client.post(f"{PLAN}buy/")
        settle(state="failed", reason="refused")
        subscribed(couple)

        assert "Stripe has refused" not in page(client)


class TestTwo:
    def test_while_a_partner_may_pay_it_says_so_and_offers_nothing(self, client, couple, vendors):
        partner = CoupleFactory(wedding=couple.membership.wedding)
        open_page(partner)

        shown = page(client)

        assert "Your partner has asked for premium" in shown
        assert "Get premium" not in shown
        assert "pay.example" not in shown
        PlanChange.objects.update(answered_at="2020-01-01T00:00:00Z")
        assert "Get premium" in page(client)

    def test_sees_their_own_before_their_partner_s(self, client, couple, vendors):
        partner = CoupleFactory(wedding=couple.membership.wedding)
        for name, user in (("sub_0", partner), ("sub_1", couple)):
            send(subscription("created", story(user, subscription=name), "active"))

        shown = page(client)

        assert f'href="{PLAN}cancel/"' in shown
        assert "<dd>You</dd>" in shown
