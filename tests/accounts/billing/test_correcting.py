"""A payment that can't be right: Stripe is asked for its invoice, and what it says is taken over."""

from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.billing.correcting import correct_payment
from accounts.billing.customers import CustomerOfAnother
from accounts.invariants.billing import every_payment_is_of_somebody
from accounts.models import Customer, Payment, Tombstone, User
from accounts.models.deletion import digest
from accounts.repairs.comparing import ask_about_payment, nobody_to_ask, payments_to_correct
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault
from integrity.audit import command_actor
from integrity.evaluate import evaluate
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from tests.accounts.billing.test_comparing import mend
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = command_actor("a test")
OFF = {
    "accounts_payment_amount_is_positive",
    "accounts_payment_has_a_currency",
    "accounts_payment_is_of_somebody",
}


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def without_the_promises(transactional_db):
    """As whoever wrote such a row had it."""
    known = execute("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint")
    kept = [each for each in known if each[0] in OFF]
    assert len(kept) == len(OFF)
    for name, _ in kept:
        execute(f"ALTER TABLE accounts_payment DROP CONSTRAINT {name}")
    yield
    Payment.objects.all().delete()
    for name, definition in kept:
        execute(f"ALTER TABLE accounts_payment ADD CONSTRAINT {name} {definition}")


@pytest.fixture
def couple():
    return CoupleFactory()


@pytest.fixture
def invoice(vendors, couple):
    """Of a couple's subscription, paid, as Stripe has it."""
    metadata = {"user_id": str(couple.uid)}
    customer = vendors.stripe.add_customer({"metadata": metadata})
    made = vendors.stripe.subscribe(customer, STRIPE_PRICE, metadata)
    return vendors.stripe.state["invoices"][made["latest_invoice"]]


@pytest.fixture
def wrong(invoice):
    """Of nothing, of nobody, in no currency."""
    return write(invoice["id"], amount=0, currency="")


def write(name, **values):
    at = timezone.now()
    known = {"state": "paid", "amount": 1900, "currency": "eur"} | values
    return Payment.objects.create(stripe_id=name, period_end=at, event_created_at=at, **known)


def ask():
    mend(payments_to_correct(), ask_about_payment)
    deliver_due()


def is_left(payment, *, because):
    before = Payment.objects.values().get(pk=payment.pk)
    ask()
    assert Payment.objects.values().get(pk=payment.pk) == before
    assert every_payment_is_of_somebody().count() == 1
    assert because in OutboxMessage.objects.get(state="dead").last_error
    return next(nobody_to_ask()).text


def test_it_becomes_what_stripe_says(wrong, invoice, couple):
    ask()

    now = Payment.objects.get()
    assert (now.user, now.amount, now.currency) == (couple, 1900, "eur")
    assert now.subscription_id == invoice["parent"]["subscription_details"]["subscription"]
    assert now.event_created_at == wrong.event_created_at
    assert not every_payment_is_of_somebody().exists()


def test_one_that_is_asked_about_is_suspected_and_not_asked_about_again(wrong):
    mend(payments_to_correct(), ask_about_payment)

    (told,) = evaluate(["accounts.every_payment_is_of_somebody"], current=True).results
    assert (told.count, told.suspected) == (0, 1)
    assert not list(payments_to_correct())


def test_one_that_failed_here_may_be_paid_there(invoice):
    write(invoice["id"], amount=0, state="failed")

    ask()

    assert Payment.objects.get().state == "paid"


def test_of_an_account_that_is_gone_it_becomes_its_tombstone_s(wrong, invoice):
    tombstone = Tombstone.objects.create(uid=uuid4(), vendor_ids=[digest(invoice["customer"])])

    ask()

    assert (Payment.objects.get().tombstone, Payment.objects.get().user) == (tombstone, None)


class TestStaysAsItIs:
    def test_if_it_is_paid_only_here(self, wrong, invoice):
        invoice |= {"status": "open", "amount_paid": 0}

        assert "never becomes unpaid" in is_left(wrong, because="paid here, and not at Stripe")

    def test_if_stripe_does_not_know_whose_it_is(self, wrong, invoice):
        invoice["parent"]["subscription_details"]["metadata"] = {}

        is_left(wrong, because="its customer is none that we know")

    def test_if_it_is_another_s(self, invoice, couple):
        other = CoupleFactory()
        row = write(invoice["id"], amount=0, user=other)

        is_left(row, because="belongs to another of our accounts")

    def test_if_stripe_does_not_know_the_invoice(self, vendors, wrong):
        vendors.stripe.state["invoices"].clear()

        is_left(wrong, because="knows no invoice of this id")

    def test_if_it_is_of_nothing_at_stripe_too(self, wrong, invoice):
        invoice["amount_paid"] = 0

        is_left(wrong, because="is of nothing")

    def test_if_it_is_a_draft_there(self, invoice):
        invoice["status"] = "draft"

        is_left(write(invoice["id"], amount=0, state="failed"), because="only a draft")

    def test_if_its_state_is_none_that_is_known(self, vendors, invoice):
        vendors.stripe.checker = None
        invoice["status"] = "half_paid"

        row = write(invoice["id"], amount=0, state="failed")
        is_left(row, because="Compare the API versions")

    def test_if_stripe_says_what_nobody_understands(self, vendors, wrong, invoice):
        vendors.stripe.checker = None
        invoice["currency"] = "doubloons"

        is_left(wrong, because="Compare the API versions")

    def test_without_stripe_which_is_said_before(self, wrong, settings):
        settings.STRIPE_API_KEY = ""

        assert "Set STRIPE_API_KEY first" in next(nobody_to_ask()).text
        is_left(wrong, because="Stripe isn't configured")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", method="GET", status=429),
        Fault("status", method="GET", status=500),
        Fault("status", method="GET", status=401),
        Fault("garbage", method="GET"),
        Fault("hang_after", method="GET"),
        Fault("reset_before", method="GET"),
        Fault("reset_after", method="GET"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_while_stripe_does_not_answer_the_promise_waits(fault, wrong, fails):
    fails("stripe", fault)
    ask()
    assert Payment.objects.get().amount == 0
    assert OutboxMessage.objects.get().state == "pending"
    OutboxMessage.objects.update(available_at=timezone.now())

    deliver_due()

    assert Payment.objects.get().amount == 1900


def test_an_answer_about_another_invoice_is_none(wrong, invoice, fails):
    other = {**invoice, "id": "in_of_another", "amount_paid": 99}
    fails("stripe", Fault("status", method="GET", status=200, body=other))

    ask()

    assert Payment.objects.get().amount == 0
    assert OutboxMessage.objects.get().state == "pending"


def test_what_was_mended_meanwhile_is_not_asked_about(wrong, vendors, couple):
    mend(payments_to_correct(), ask_about_payment)
    Payment.objects.update(user=couple, amount=1200, currency="eur")

    deliver_due()

    assert Payment.objects.get().amount == 1200
    assert not [each for each in vendors.stripe.calls if "invoices" in each.path]


def test_who_it_is_of_is_never_taken_from_them(invoice, couple):
    """Not even by what was read before it was known."""
    other = CoupleFactory()
    write(invoice["id"], currency="", user=other)

    with pytest.raises(CustomerOfAnother):
        correct_payment(payment=invoice["id"], found=invoice, by=BY)

    assert Payment.objects.get().user == other
    assert not Customer.objects.filter(user=couple).exists()
    assert User.objects.count() == 2
