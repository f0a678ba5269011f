"""What Stripe says of a thing when it is asked for it, taken over."""

from unittest.mock import patch

from accounts.billing.correcting import correct_payment
from accounts.billing.customers import APPLY_EVENT
from accounts.billing.reading import end_unknown
from accounts.models import Customer, Payment, Subscription
from integrity.drill.core import Scenario
from tests.accounts.billing.stripe_story import invoice
from tests.drill.billing import in_doubt, promised
from tests.drill.facts import BY, judge
from tests.drill.plan import with_an_event_that_waits


def ended_here(context):
    now = Subscription.objects.get(pk=context.row.pk)
    state = (now.status, now.in_doubt_since is None)
    return judge(state=(state, ("past_due", False), ("canceled", True)))


END_UNKNOWN = Scenario(
    name="end_unknown",
    flows=("accounts.end_unknown",),
    setup=in_doubt,
    act=lambda context: end_unknown(subscription=context.row.pk, by=BY),
    whole=ended_here,
)


def with_a_wrong_payment():
    """Of a customer whom nobody knows yet. What is wrong the database would refuse."""
    context = with_an_event_that_waits()
    context.told.named = True
    context.found = invoice("paid", context.told)["data"]["object"] | {"status": "paid"}
    context.payment = Payment.objects.create(
        stripe_id=context.found["id"],
        user=context.user,
        state="failed",
        amount=1,
        currency="usd",
        period_end="2020-02-02T00:00:00Z",
        event_created_at="2020-02-02T00:00:00Z",
    )
    return context


def correct(context):
    with patch("accounts.billing.correcting.wrong_payments", Payment.objects.all):
        correct_payment(payment=context.payment.pk, found=context.found, by=BY)


def corrected(context):
    now = Payment.objects.get(pk=context.payment.pk)
    return judge(
        customer=(Customer.objects.filter(user=context.user).count(), 0, 1),
        promise=(promised(APPLY_EVENT, context.waiting["id"]), 0, 1),
        row=((now.state, now.amount, now.currency), ("failed", 1, "usd"), ("paid", 1900, "eur")),
    )


CORRECT = Scenario(
    name="correct_payment",
    flows=("accounts.correct_payment",),
    setup=with_a_wrong_payment,
    act=correct,
    whole=corrected,
)

SCENARIOS = [END_UNKNOWN, CORRECT]
