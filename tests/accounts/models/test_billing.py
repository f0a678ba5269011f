"""What the database refuses about payments, events and deleted accounts, whoever writes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import Customer, Event, EventChange, Payment, Subscription, Tombstone, User
from tests.database import committed, execute, refused_as
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
AT = datetime(2031, 5, 17, tzinfo=UTC)


@pytest.fixture
def customer():
    return Customer.objects.create(stripe_id="cus_1", user=CoupleFactory())


def subscribe(customer, name="sub_1", *, status="active", rank=1, at=AT):
    return Subscription.objects.create(
        stripe_id=name,
        user=customer.user,
        customer=customer,
        status=status,
        period_end=AT + 30 * DAY,
        event_created_at=at,
        event_rank=rank,
    )


def pay(**fields):
    known = {"stripe_id": f"in_{uuid4()}", "state": "paid", "amount": 1900, "currency": "eur"}
    times = {"period_end": AT, "event_created_at": AT}
    return Payment.objects.create(**known | times | fields)


def happen(**fields):
    known = {"stripe_id": f"evt_{uuid4()}", "type": "a", "happened_at": AT, "livemode": False}
    return Event.objects.create(**known | fields)


class TestTombstone:
    def test_a_deleted_user_does_not_come_back(self):
        uid = uuid4()
        Tombstone.objects.create(uid=uid)

        insert = "INSERT INTO accounts_user (uid, email, kind) VALUES (%s, %s, 'operator')"
        with refused_as("accounts_user_is_not_tombstoned"):
            execute(insert, uid, "ada@example.com")
        with committed():
            execute(insert, uuid4(), "ada@example.com")

    def test_nor_does_somebody_else_take_their_id(self):
        uid = uuid4()
        Tombstone.objects.create(uid=uid)
        operator = OperatorFactory()

        with refused_as("accounts_user_is_not_tombstoned"):
            User.objects.filter(pk=operator.pk).update(uid=uid)

    def test_whoever_is_to_be_deleted_may_still_be_changed(self):
        couple = CoupleFactory()
        Tombstone.objects.create(uid=couple.uid)

        with committed():
            User.objects.filter(pk=couple.pk).update(is_active=False)


class TestCustomer:
    def test_it_stays_whose_it_is(self, customer):
        with refused_as("accounts_customer_stays"):
            Customer.objects.update(user=CoupleFactory())

    def test_it_stays_deleted(self, customer):
        Customer.objects.update(deleted_at=AT)
        with refused_as("accounts_customer_stays"):
            Customer.objects.update(deleted_at=None)


class TestSubscription:
    def test_a_user_has_one_that_is_live(self, customer):
        subscribe(customer, "sub_1", status="canceled", rank=9)
        subscribe(customer, "sub_2", status="past_due")
        with refused_as("accounts_subscription_one_live"):
            subscribe(customer, "sub_3", status="incomplete")

    @pytest.mark.parametrize(("days", "rank"), [(-1, 2), (0, 0)])
    def test_its_version_never_goes_back(self, customer, days, rank):
        subscribe(customer)
        with refused_as("accounts_subscription_goes_forward"):
            Subscription.objects.update(event_created_at=AT + days * DAY, event_rank=rank)

    @pytest.mark.parametrize(("days", "rank"), [(1, 0), (0, 2), (0, 1)])
    def test_its_version_goes_on(self, customer, days, rank):
        subscribe(customer)
        with committed():
            Subscription.objects.update(event_created_at=AT + days * DAY, event_rank=rank)

    def test_an_end_outranks_what_is_newer(self, customer):
        subscribe(customer)
        with committed():
            Subscription.objects.update(status="canceled", event_created_at=AT - DAY, event_rank=9)

    def test_it_never_comes_back_to_life(self, customer):
        subscribe(customer, status="canceled", rank=9)
        with refused_as("accounts_subscription_goes_forward"):
            Subscription.objects.update(status="incomplete_expired")

    @pytest.mark.parametrize(("status", "rank"), [("canceled", 1), ("active", 9)])
    def test_only_an_end_has_the_rank_of_one(self, customer, status, rank):
        with refused_as("accounts_subscription_final_outranks_all"):
            subscribe(customer, status=status, rank=rank)

    def test_its_status_is_one_of_stripes(self, customer):
        with refused_as("accounts_subscription_status_is_known"):
            subscribe(customer, status="fine")


class TestPayment:
    @pytest.mark.parametrize("amount", [0, -1])
    def test_it_is_more_than_nothing(self, customer, amount):
        with refused_as("accounts_payment_amount_is_positive"):
            pay(user=customer.user, amount=amount)

    @pytest.mark.parametrize("currency", ["", "EUR", "eu"])
    def test_it_has_a_currency(self, customer, currency):
        with refused_as("accounts_payment_has_a_currency"):
            pay(user=customer.user, currency=currency)

    def test_there_is_one_of_an_invoice(self, customer):
        payment = pay(user=customer.user)
        with refused_as("accounts_payment_pkey"):
            pay(user=customer.user, stripe_id=payment.stripe_id)

    def test_once_paid_it_stays_so(self, customer):
        pay(user=customer.user)
        with refused_as("accounts_payment_stays_paid"):
            Payment.objects.update(state="failed")

    def test_it_is_of_somebody_or_of_somebody_who_is_gone(self, customer):
        tombstone = Tombstone.objects.create(uid=uuid4())
        with committed():
            pay(user=customer.user)
            pay(tombstone=tombstone)
        for nobody_or_both in ({}, {"user": customer.user, "tombstone": tombstone}):
            with refused_as("accounts_payment_is_of_somebody"):
                pay(**nobody_or_both)


class TestEvent:
    def test_one_that_nothing_became_of_is_not_committed(self):
        with refused_as("accounts_event_is_decided"):
            happen()

    def test_one_that_was_applied_changed_a_row(self):
        with refused_as("accounts_applied_event_changed_something"):
            happen(state="applied")
        with committed():
            EventChange.objects.create(event=happen(state="applied"), subject="a:1", fields=["a"])
        with refused_as("accounts_applied_event_changed_something"):
            EventChange.objects.all().delete()

    @pytest.mark.parametrize(
        ("state", "reason"), [("ignored", ""), ("failed", ""), ("applied", "stale")]
    )
    def test_a_reason_is_given_where_there_is_one(self, state, reason):
        with refused_as("accounts_event_has_a_reason"):
            happen(state=state, reason=reason)

    def test_there_is_one_of_an_id(self):
        event = happen(state="ignored", reason="stale")
        with refused_as("accounts_event_pkey"):
            happen(stripe_id=event.stripe_id)
