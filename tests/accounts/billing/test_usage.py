"""Use counts once, in one month, and never beyond the plan's limit."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts.billing.entitlement import GRACE, Plan, plan_of
from accounts.billing.usage import LIMITS, LimitReached, Used, count_use, use, used
from accounts.invariants.billing import every_subscription_is_of_premium
from accounts.models import Customer, Metric, Payment, Subscription, UsageCounter, UsageEntry
from accounts.views.webhooks import STRIPE
from integrity.testing import assert_every_invariant_holds
from tests.database import execute
from tests.factories import CoupleFactory
from tests.rivals import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
FREE, PREMIUM = (LIMITS[Metric.INVITATIONS][plan] for plan in (Plan.FREE, Plan.PREMIUM))


@pytest.fixture
def wedding():
    return CoupleFactory().membership.wedding


def invite(wedding, operation, **more):
    return use(wedding=wedding, metric=Metric.INVITATIONS, operation=operation, by=STRIPE, **more)


def subscribe(user, *, status="active", ends=timedelta(days=30), paid=None):
    name = f"{user.pk}"
    known = Customer.objects.create(stripe_id=f"cus_{name}", user=user)
    now = timezone.now()
    times = {"event_created_at": now, "period_end": now + ends}
    Subscription.objects.create(
        stripe_id=f"sub_{name}", user=user, customer=known, status=status, event_rank=1, **times
    )
    if paid is not None:
        times = {"event_created_at": now, "period_end": now + paid}
        money = {"amount": 1900, "currency": "eur", "state": "paid"}
        Payment.objects.create(
            stripe_id="in_1", user=user, subscription_id=f"sub_{name}", **money, **times
        )


class TestCounting:
    def test_an_entry_and_the_counter_are_one(self, wedding):
        assert invite(wedding, "a") == Used(1, FREE, counted=True)
        assert invite(wedding, "b", amount=2).value == 3

        assert UsageCounter.objects.get().value == 3
        assert sorted(UsageEntry.objects.values_list("delta", flat=True)) == [1, 2]
        assert_every_invariant_holds()

    def test_an_operation_counts_once(self, wedding):
        invite(wedding, "a")
        again = invite(wedding, "a")

        assert (again.value, again.counted) == (1, False)

    def test_what_was_not_used_is_given_back(self, wedding):
        invite(wedding, "a")

        assert invite(wedding, "a, undone", amount=-1).value == 0
        assert used(wedding=wedding, metric=Metric.INVITATIONS).left == FREE

    def test_what_another_month_used_is_not_given_back_to_this_one(self, wedding):
        assert invite(wedding, "a, undone", amount=-1) == Used(0, FREE, counted=False)
        assert not UsageEntry.objects.exists()

    def test_each_wedding_counts_for_itself(self, wedding):
        invite(wedding, "a")
        other = CoupleFactory().membership.wedding

        assert invite(other, "b").value == 1


class TestMonth:
    def test_the_month_is_that_of_the_transaction(self, wedding):
        invite(wedding, "a")

        (month,) = execute("SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date")[0]
        assert UsageCounter.objects.get().period == month

    def test_a_new_month_begins_at_nothing_and_keeps_the_old_one(self, wedding):
        UsageCounter.objects.create(
            wedding=wedding, metric="invitations", period=date(2020, 1, 1), value=FREE
        )

        assert invite(wedding, "a").value == 1
        assert UsageCounter.objects.count() == 2

    def test_a_session_in_another_time_zone_counts_in_utc(self, wedding):
        """Where it is the 14th hour of tomorrow already, and where it is still yesterday."""
        for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
            execute(f"SET TIME ZONE '{zone}'")
            invite(wedding, zone)
        connection.close()

        assert UsageCounter.objects.count() == 1


class TestLimit:
    def test_the_last_one_fits_and_the_next_does_not(self, wedding):
        invite(wedding, "most", amount=FREE - 1)
        assert invite(wedding, "last").left == 0

        with pytest.raises(LimitReached):
            invite(wedding, "one more")

        assert UsageCounter.objects.get().value == FREE
        assert not UsageEntry.objects.filter(operation_key="one more").exists()

    def test_a_repeat_at_the_limit_is_no_refusal(self, wedding):
        invite(wedding, "all", amount=FREE)

        assert not invite(wedding, "all", amount=FREE).counted

    def test_many_at_once_never_pass_it(self, wedding):
        invite(wedding, "most", amount=FREE - 3)
        with in_threads() as start:
            calls = [start(invite, wedding=wedding, operation=f"rival {n}") for n in range(8)]
        refused = [call.exception() for call in calls if call.exception()]

        assert [type(each) for each in refused] == [LimitReached] * 5
        assert UsageCounter.objects.get().value == FREE
        assert_every_invariant_holds()

    def test_premium_has_more(self, wedding):
        invite(wedding, "all", amount=FREE)
        subscribe(wedding.members.get().user)

        assert invite(wedding, "one more").limit == PREMIUM

    def test_a_flow_that_does_without_it_leaves_no_entry(self, wedding):
        with atomic(), suppress(LimitReached):
            count_use(wedding=wedding, metric=Metric.INVITATIONS, operation="a", amount=FREE + 1)

        assert not UsageEntry.objects.exists()
        assert_every_invariant_holds()

    def test_inside_another_flow_it_is_a_part(self, wedding):
        with pytest.raises(Exception, match="Call it from a flow"):
            count_use(wedding=wedding, metric=Metric.INVITATIONS, operation="a")


DAY = timedelta(days=1)


class TestPlan:
    @pytest.mark.parametrize(
        ("status", "ends", "paid", "plan"),
        [
            ("active", DAY, None, "premium"),
            ("active", -GRACE + DAY, None, "premium"),
            ("active", -GRACE - DAY, None, "free"),
            ("active", -GRACE - DAY, DAY, "premium"),
            ("trialing", DAY, None, "premium"),
            ("past_due", 30 * DAY, None, "free"),
            ("past_due", 30 * DAY, -GRACE + DAY, "premium"),
            ("past_due", 30 * DAY, -GRACE - DAY, "free"),
            ("incomplete", 30 * DAY, 30 * DAY, "free"),
            ("unpaid", 30 * DAY, 30 * DAY, "free"),
            ("paused", 30 * DAY, 30 * DAY, "free"),
        ],
    )
    def test_it_is_what_is_paid_for(self, wedding, status, ends, paid, plan):
        subscribe(wedding.members.get().user, status=status, ends=ends, paid=paid)

        assert plan_of(wedding) == plan

    @pytest.mark.parametrize("other", [{"state": "failed"}, {"subscription_id": "sub_of_another"}])
    def test_only_what_was_paid_for_it_prolongs_it(self, wedding, other):
        subscribe(wedding.members.get().user, status="past_due", paid=30 * DAY)
        known = Payment.objects.values().get()
        Payment.objects.all().delete()
        Payment.objects.create(**known | other)

        assert plan_of(wedding) == Plan.FREE

    @pytest.mark.parametrize(
        ("prices", "plan"),
        [
            (["price_now"], "premium"),
            (["price_before"], "premium"),
            (["price_addition", "price_now"], "premium"),
            (["price_of_something_else"], "free"),
            ([], "premium"),
        ],
        ids=str,
    )
    def test_it_is_what_premium_costs_or_has_cost(self, wedding, settings, prices, plan):
        settings.STRIPE_PRICE, settings.STRIPE_FORMER_PRICES = "price_now", ["price_before"]
        subscribe(wedding.members.get().user)
        Subscription.objects.update(prices=prices)

        assert plan_of(wedding) == plan
        found = every_subscription_is_of_premium().exists()
        assert found == (plan == Plan.FREE)

    def test_nothing_is_taken_from_who_pays_where_nothing_is_for_sale(self, wedding, settings):
        settings.STRIPE_PRICE, settings.STRIPE_FORMER_PRICES = "", []
        subscribe(wedding.members.get().user)
        Subscription.objects.update(prices=["price_of_before"])

        assert plan_of(wedding) == Plan.PREMIUM
        assert every_subscription_is_of_premium().exists()

    def test_nobody_pays_for_others(self, wedding):
        subscribe(CoupleFactory())

        assert plan_of(wedding) == Plan.FREE

    def test_either_of_a_couple_pays_for_both(self, wedding):
        subscribe(CoupleFactory(wedding=wedding))

        assert plan_of(wedding) == Plan.PREMIUM

    def test_without_a_subscription_it_is_free(self, wedding):
        assert plan_of(wedding) == Plan.FREE
