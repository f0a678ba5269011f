"""The published story of one subscription, as Stripe shapes its events, in several deliveries."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db.models.functions import Now

from accounts.billing.inbox import receive_event
from accounts.billing.webhooks import read_event
from accounts.models import Event, Payment, Subscription
from accounts.views.webhooks import STRIPE
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from tests.contracts import published
from tests.factories import CoupleFactory

pytestmark = [pytest.mark.django_db(transaction=True), published.needed]

FOLDER = published.FOLDER / "stripe-events"
THEIRS = UUID("00000000-0000-4000-8000-000000000001")


def story():
    return json.loads((FOLDER / "scenarios.json").read_text()) if published.is_there() else {}


def body_of(number):
    (path,) = FOLDER.glob(f"{number}_*.json")
    return path.read_bytes()


def deliver(numbers):
    for number in numbers:
        body = body_of(number)
        receive_event(raw=body, event=read_event(body), by=STRIPE)
    deliver_due()


@pytest.fixture(autouse=True)
def couple():
    return CoupleFactory(uid=THEIRS)


@pytest.mark.parametrize("name", sorted(story().get("scenarios", {})))
def test_each_delivery_is_taken_without_a_failure(name):
    deliver(story()["scenarios"][name])

    assert not Event.objects.filter(state="failed").exists()
    assert_every_invariant_holds()


@pytest.mark.parametrize("name", sorted(story().get("expected", {})))
def test_it_ends_as_it_is_published_to_end(name):
    expected = story()["expected"][name]
    deliver(story()["scenarios"][name])

    subscription = Subscription.objects.get()
    assert subscription.status == expected["status"]
    if "period_end" in expected:
        assert subscription.period_end == datetime.fromtimestamp(expected["period_end"], UTC)


def test_the_whole_story_leaves_three_payments():
    deliver(story()["scenarios"]["in_order"])

    paid = Payment.objects.order_by("pk").values_list("state", "amount", "currency")
    assert list(paid) == [("paid", 1900, "eur")] * 3


def test_a_pause_of_a_second_subscription_waits_for_the_end_of_the_first():
    deliver(["02", "03", "17"])
    assert Event.objects.get(state="failed").type == "customer.subscription.paused"

    deliver(["14"])
    OutboxMessage.objects.update(available_at=Now())
    deliver_due()

    states = Subscription.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == ["canceled", "paused"]


def test_what_nobody_here_handles_is_kept():
    deliver(["16", "18"])

    assert set(Event.objects.values_list("reason", flat=True)) == {"unhandled_type"}
