"""Asking for premium, for its end, and for taking that back: one intent, told to Stripe once."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.actors import acting
from accounts.billing.plan import (
    PAYABLE,
    AlreadyPremium,
    NoSubscription,
    NotForSale,
    OneAtATime,
    OnlyForCouples,
    PartnerIsBuying,
    buy_premium,
    change_renewal,
)
from accounts.models import Customer, PlanChange, Subscription
from integrity.flows import AlreadyDone
from integrity.models import OutboxMessage
from tests.accounts.billing.stripe_story import checkout, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(settings):
    settings.STRIPE_API_KEY, settings.STRIPE_PRICE = "sk_test_any", "price_any"


def buy(user, **options):
    return buy_premium(user=user, by=acting(user), **options)


def renewal(user, renews, **options):
    return change_renewal(user=user, renews=renews, by=acting(user), **options)


def subscribed(user=None, **changes):
    user = user or CoupleFactory()
    told = story(user)
    send(subscription("created", told, "active", **changes))
    return user, told


def opened(user):
    change = buy(user)
    PlanChange.objects.filter(pk=change.pk).update(
        state="open", checkout_id="cs_1", checkout_url="https://pay.example/cs_1", answered_at=Now()
    )
    return change


class TestBuying:
    def test_writes_the_intent_and_the_promise_to_tell_stripe(self):
        change = buy(CoupleFactory())

        message = OutboxMessage.objects.get()
        assert (change.kind, PlanChange.objects.get().state) == ("buy", "waiting")
        assert message.payload == {"change": str(change.uid)}

    def test_the_same_submission_twice_is_one_intent(self):
        user = CoupleFactory()
        buy(user, operation="once")

        with pytest.raises(AlreadyDone):
            buy(user, operation="once")

        assert PlanChange.objects.count() == OutboxMessage.objects.count() == 1

    def test_another_submission_waits_for_the_first(self):
        user = CoupleFactory()
        buy(user)

        with pytest.raises(OneAtATime):
            buy(user)

    def test_their_partner_is_told_that_it_is_not_their_own_asking(self):
        ada = CoupleFactory()
        eve = CoupleFactory(wedding=ada.membership.wedding)
        buy(ada)

        with pytest.raises(PartnerIsBuying):
            buy(eve)

    def test_whoever_pays_already_is_not_asked_again(self):
        user, _ = subscribed()

        with pytest.raises(AlreadyPremium):
            buy(user)

    def test_one_whose_subscription_has_ended_may_buy_again(self):
        user, told = subscribed()
        send(subscription("deleted", told, "canceled", after=9))

        assert buy(user).kind == "buy"

    def test_nothing_is_sold_where_stripe_is_not_configured(self, settings):
        settings.STRIPE_PRICE = ""

        with pytest.raises(NotForSale):
            buy(CoupleFactory())

    def test_an_operator_has_no_plan(self):
        with pytest.raises(OnlyForCouples):
            buy(OperatorFactory())

    def test_a_page_that_was_left_for_a_day_is_given_up_for_a_new_one(self):
        user = CoupleFactory()
        old = opened(user)
        PlanChange.objects.update(answered_at=Now() - PAYABLE - timedelta(seconds=1))

        new = buy(user)

        old.refresh_from_db()
        assert (old.state, old.reason, old.checkout_url) == ("failed", "expired", "")
        assert new.pk != old.pk

    def test_a_page_that_can_still_be_used_is_the_only_one(self):
        user = CoupleFactory()
        opened(user)
        PlanChange.objects.update(answered_at=Now() - PAYABLE + timedelta(minutes=1))

        with pytest.raises(OneAtATime):
            buy(user)


class TestWhatStripeSaysOfThePage:
    def told(self, user, kind="completed"):
        event = checkout(story(user))
        event["data"]["object"]["id"] = "cs_1"
        event["type"] = f"checkout.session.{kind}"
        return send(event)

    def test_paid_for(self):
        change = opened(CoupleFactory())

        assert self.told(change.user).state == "applied"

        change.refresh_from_db()
        assert (change.state, change.checkout_url) == ("done", "")

    def test_left_too_long(self):
        change = opened(CoupleFactory())

        assert self.told(change.user, "expired").state == "applied"

        change.refresh_from_db()
        assert (change.state, change.reason) == ("failed", "expired")

    def test_a_page_that_nobody_here_has_asked_for_closes_nothing(self):
        user = CoupleFactory()
        Customer.objects.create(stripe_id="cus_known", user=user)
        event = checkout(story(user, customer="cus_known"))

        assert send(event).reason == "stale"


class TestRenewal:
    def test_writes_the_intent_and_the_promise(self):
        user, told = subscribed()

        change = renewal(user, renews=False)

        assert (change.kind, change.subscription_id) == ("cancel", told.subscription)
        assert OutboxMessage.objects.get().payload == {"change": str(change.uid)}
        # Nothing is believed before Stripe has said it.
        assert not Subscription.objects.get().cancel_at_period_end

    def test_is_taken_back_by_another_intent(self):
        user, _ = subscribed(cancel=True)

        assert renewal(user, renews=True).kind == "keep"

    def test_nobody_without_a_subscription_can_end_one(self):
        with pytest.raises(NoSubscription):
            renewal(CoupleFactory(), renews=False)

    def test_one_that_has_ended_cannot_be_kept(self):
        user, told = subscribed()
        send(subscription("deleted", told, "canceled", after=9))

        with pytest.raises(NoSubscription):
            renewal(user, renews=True)

    def test_one_at_a_time(self):
        user, _ = subscribed()
        renewal(user, renews=False)

        with pytest.raises(OneAtATime):
            renewal(user, renews=True)

    def test_is_not_held_up_by_a_page_for_paying_whose_end_was_never_told(self):
        user = CoupleFactory()
        page = opened(user)
        subscribed(user)

        assert renewal(user, renews=False).kind == "cancel"

        page.refresh_from_db()
        assert (page.state, page.reason, page.checkout_url) == ("failed", "subscribed", "")

    def test_the_same_submission_twice_is_one_intent(self):
        user, _ = subscribed()
        renewal(user, renews=False, operation="once")

        with pytest.raises(AlreadyDone):
            renewal(user, renews=False, operation="once")
