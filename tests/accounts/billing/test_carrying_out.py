"""Stripe is told of each intent once, whatever becomes of the calls."""

import pytest
from django.db.models.functions import Now

from accounts.actors import acting
from accounts.billing.carrying_out import carry_out
from accounts.billing.plan import buy_premium, change_renewal
from accounts.billing.webhooks import check_signature
from accounts.models import Customer, Payment, PlanChange, Subscription, Tombstone
from accounts.simulators.faults import Fault
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS, SESSIONS = "v1/customers", "v1/checkout/sessions"


@pytest.fixture
def shop(vendors, client):
    """Stripe sends its events to the endpoint of this site."""

    def send(body, headers):
        check_signature(body, headers["Stripe-Signature"], now=vendors.stripe.now)
        signature = headers["Stripe-Signature"]
        answer = client.post(
            "/webhooks/stripe/",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )
        return answer.status_code

    vendors.stripe.webhooks.send = send
    yield vendors.stripe
    vendors.stripe.webhooks.send = None


def asked_for_premium():
    user = CoupleFactory(address__verified=True)
    return buy_premium(user=user, by=acting(user))


def again():
    """The relay comes back at once, though it would wait."""
    OutboxMessage.objects.update(available_at="2020-01-01T00:00:00Z")
    deliver_due()


def paid(shop):
    """A couple who have bought premium."""
    change = asked_for_premium()
    deliver_due()
    change.refresh_from_db()
    shop.pay(change.checkout_id)
    shop.webhooks.deliver()
    return change.user


def asked_to_end(user, *, renews=False):
    return change_renewal(user=user, renews=renews, by=acting(user))


def _paying(shop):
    return [each["customer"] for each in shop.state["subscriptions"].values()]


def now(change):
    change.refresh_from_db()
    return change.state, change.reason


class TestBuying:
    def test_opens_a_page_for_paying(self, shop):
        change = asked_for_premium()

        deliver_due()

        assert now(change) == ("open", "")
        assert change.checkout_url.startswith("http")
        assert Customer.objects.get().user == change.user
        assert not OutboxMessage.objects.exists()

    def test_what_was_paid_there_is_premium_when_stripe_says_so(self, shop):
        user = paid(shop)

        assert PlanChange.objects.get().state == "done"
        assert Subscription.objects.get(user=user).status == "active"
        assert Payment.objects.get(user=user).state == "paid"

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(method="POST", path=CUSTOMERS, kind="status"),
            Fault(method="POST", path=CUSTOMERS, kind="reset_after"),
            Fault(method="POST", path=CUSTOMERS, kind="hang_after"),
            Fault(method="POST", path=SESSIONS, kind="status"),
            Fault(method="POST", path=SESSIONS, kind="reset_after"),
            Fault(method="POST", path=SESSIONS, kind="hang_after"),
            Fault(method="POST", path=SESSIONS, kind="status", status=429),
        ],
        ids=lambda fault: f"{fault.path}, {fault.kind} {fault.status}",
    )
    def test_an_outage_is_outlasted_with_one_customer(self, fault, shop, fails):
        fails("stripe", fault)
        change = asked_for_premium()

        deliver_due()
        assert now(change) == ("waiting", "")
        again()

        assert now(change) == ("open", "")
        assert len(shop.state["customers"]) == Customer.objects.count() == 1

    def test_nobody_is_asked_to_pay_twice_while_the_event_is_late(self, shop):
        first = asked_for_premium()
        deliver_due()
        first.refresh_from_db()
        shop.pay(first.checkout_id)
        PlanChange.objects.filter(pk=first.pk).update(answered_at="2020-01-01T00:00:00Z")

        second = buy_premium(user=first.user, by=acting(first.user))
        deliver_due()

        assert now(second) == ("failed", "subscribed")
        assert len(shop.state["sessions"]) == 1

    def test_nor_where_it_was_paid_by_another_of_their_customers(self, shop):
        user = paid(shop)
        Subscription.objects.all().delete()
        Customer.objects.create(stripe_id=shop.add_customer({}), user=user)
        Customer.objects.update(created_at=Now())
        Customer.objects.exclude(pk__in=_paying(shop)).update(created_at="2020-01-01T00:00:00Z")

        change = buy_premium(user=user, by=acting(user))
        deliver_due()

        assert now(change) == ("failed", "subscribed")

    def test_nor_where_the_partner_has_paid(self, shop):
        ada = paid(shop)
        Subscription.objects.all().delete()
        eve = CoupleFactory(address__verified=True, wedding=ada.membership.wedding)

        change = buy_premium(user=eve, by=acting(eve))
        deliver_due()

        assert now(change) == ("failed", "subscribed")
        assert len(shop.state["sessions"]) == 1

    def test_a_customer_whom_somebody_deleted_at_stripe_is_made_anew(self, shop):
        user = paid(shop)
        shop.remove_customer(Customer.objects.get().pk)
        Subscription.objects.all().delete()

        change = buy_premium(user=user, by=acting(user))
        deliver_due()

        assert now(change) == ("open", "")
        assert Customer.objects.count() == 2

    def test_an_account_that_is_deleted_buys_nothing(self, shop):
        change = asked_for_premium()
        Tombstone.objects.create(uid=change.user.uid)

        deliver_due()

        assert not shop.ledger

    def test_what_stripe_refuses_is_told(self, shop, settings):
        settings.STRIPE_PRICE = "price_that_is_gone"
        change = asked_for_premium()

        deliver_due()

        assert now(change) == ("failed", "refused")
        assert not OutboxMessage.objects.exists()

    def test_a_key_that_is_refused_to_all_blames_nobody(self, shop, settings):
        settings.STRIPE_API_KEY = "sk_test_wrong"
        change = asked_for_premium()

        deliver_due()

        assert now(change) == ("waiting", "")
        assert OutboxMessage.objects.get().attempts == 0

    def test_without_a_key_it_waits_for_one(self, shop, settings):
        """The page has said that we keep trying."""
        change = asked_for_premium()
        key, settings.STRIPE_API_KEY = settings.STRIPE_API_KEY, ""
        deliver_due()
        waits = OutboxMessage.objects.get()
        settings.STRIPE_API_KEY = key
        again()

        assert (waits.state, waits.attempts) == ("pending", 0)
        assert "Set its keys again" in waits.last_error
        assert now(change) == ("open", "")


class TestRenewal:
    def test_ends_with_the_period_and_is_taken_back(self, shop):
        user = paid(shop)

        for renews in (False, True):
            change = asked_to_end(user, renews=renews)
            deliver_due()
            assert now(change) == ("done", "")
            shop.webhooks.deliver()
            # All of this may happen in one second of Stripe's; where in doubt, it is asked.
            deliver_due()
            assert Subscription.objects.get().cancel_at_period_end is not renews

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(method="POST", path="v1/subscriptions", kind="status"),
            Fault(method="POST", path="v1/subscriptions", kind="reset_after"),
            Fault(method="POST", path="v1/subscriptions", kind="hang_after"),
            Fault(method="POST", path="v1/subscriptions", kind="status", status=429),
        ],
        ids=lambda fault: f"{fault.kind} {fault.status}",
    )
    def test_an_outage_is_outlasted_and_stripe_told_once(self, fault, shop, fails):
        user = paid(shop)
        fails("stripe", fault)
        change = asked_to_end(user)

        deliver_due()
        assert now(change) == ("waiting", "")
        again()

        assert now(change) == ("done", "")
        told = [each for each in shop.ledger if each.verb == "customer.subscription.updated"]
        assert len([each for each in told if each.details.get("key")]) == 1

    def test_a_second_delivery_does_nothing(self, shop):
        user = paid(shop)
        change = asked_to_end(user)
        deliver_due()
        before = len(shop.calls)

        carry_out(change=str(change.uid), tries=1, by=acting(user))

        assert len(shop.calls) == before

    @pytest.mark.parametrize("status", [404, 400])
    def test_one_that_ended_meanwhile_is_told_so(self, status, shop):
        """Stripe may also answer that a canceled subscription takes no such change."""
        user = paid(shop)
        change = asked_to_end(user)
        shop.end(Subscription.objects.get().pk)
        shop.faults.add(Fault("status", method="POST", path="v1/subscriptions", status=status))

        deliver_due()

        assert now(change) == ("failed", "ended")

    def test_one_that_another_account_has_is_not_said_to_have_ended(self, shop):
        """A key of another account, or of the other mode, finds nothing at all."""
        user = paid(shop)
        change = asked_to_end(user)
        shop.state["subscriptions"] = {}

        deliver_due()

        assert now(change) == ("failed", "refused")

    @pytest.mark.parametrize("told", [{"cancel_at_period_end": False}, {}])
    def test_an_answer_that_says_otherwise_is_none(self, told, shop):
        user = paid(shop)
        change = asked_to_end(user)
        found = shop.state["subscriptions"][Subscription.objects.get().pk]
        lie = Fault("status", method="POST", path="v1/subscriptions", status=200, body=told)
        shop.faults.add(lie)

        deliver_due()
        assert now(change) == ("waiting", "")
        again()

        assert now(change) == ("done", "")
        assert found["cancel_at_period_end"]
