"""Whatever the order and however often, the same events end in the same rows."""

import random
from collections import Counter
from itertools import permutations

import pytest
from django.db.transaction import atomic

from accounts.billing.changes import apply_event
from accounts.billing.webhooks import read_event
from accounts.models import Customer, Payment, Subscription
from tests.accounts.billing.stripe_story import (
    checkout,
    customer,
    invoice,
    raw,
    story,
    subscription,
    whole_story,
)
from tests.extent import EVERY
from tests.factories import CoupleFactory
from tests.spread import ALONE

pytestmark = pytest.mark.django_db

# Two thousand of them, by several at once; each part has a seed of its own.
PARTS, SHUFFLES = 8, 250 if EVERY else 3


class TakeBack(Exception):
    pass


def ends(orders):
    """What each order of delivery ends in, and how often."""
    seen = Counter()
    for order in orders:
        try:
            with atomic():
                for each in order:
                    apply_event(each)
                seen[state()] += 1
                raise TakeBack
        except TakeBack:
            pass
    return seen


def state():
    subscriptions = Subscription.objects.order_by("pk").values_list(
        "status",
        "cancel_at_period_end",
        "period_end",
        "prices__0",
        "event_created_at",
        "event_rank",
    )
    payments = Payment.objects.order_by("pk").values_list(
        "pk", "state", "amount", "period_end", "attempts", "user", "subscription_id"
    )
    customers = Customer.objects.values_list("pk", "user", "deleted_at")
    doubts = Subscription.objects.filter(in_doubt_since__isnull=False).count()
    return tuple(subscriptions), tuple(payments), tuple(customers), doubts


def shuffled(events, *, times, seed=20_311):
    """All of them in any order, and some of them twice."""
    chance = random.Random(seed)
    for _ in range(times):
        twice = chance.sample(events, chance.randrange(len(events)))
        yield chance.sample(events + twice, len(events) + len(twice))


def read(events):
    return [read_event(raw(each)) for each in events]


@pytest.fixture
def told():
    return story(CoupleFactory())


def test_the_story_in_order_ends_as_it_should(told):
    (end,) = ends([read(whole_story(told))])
    (subscribed,), payments, (known,), doubts = end

    assert (subscribed[0], doubts) == ("canceled", 0)
    assert [each[1:3] for each in payments] == [("paid", 1900)] * 3
    assert known[2] is not None


def test_every_order_of_one_second_ends_the_same(told):
    seen = ends(permutations(read(whole_story(told)[1:5])))

    assert len(seen) == 1
    assert sum(seen.values()) == 24


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(PARTS), ids=lambda seed: f"{ALONE}{seed}")
def test_any_order_of_the_whole_story_ends_the_same(seed, told):
    events = read(whole_story(told))
    (in_order,) = ends([events])
    seen = ends(shuffled(events, times=SHUFFLES, seed=seed))

    assert list(seen) == [in_order]
    assert sum(seen.values()) == SHUFFLES


def test_any_order_of_contradictions_ends_the_same_in_doubt(told):
    same_second = [
        subscription("updated", told, status, cancel=cancel)
        for status in ("active", "past_due", "unpaid")
        for cancel in (True, False)
    ]
    same_second.append(subscription("updated", told, "active", price="price_other"))
    seen = ends(shuffled(read([customer("created", told), *same_second]), times=20))

    assert len(seen) == 1
    assert next(iter(seen))[3] == 1


def test_failed_after_recovered_stays_recovered(told):
    events = read(whole_story(told)[:11])
    (in_order,) = ends([events])
    (late,) = ends([[*events[:7], *events[9:11], *events[7:9]]])

    assert late == in_order
    assert late[0][0][0] == "active"


def test_a_late_update_does_not_reopen_what_has_ended(told):
    events = read(whole_story(told))
    (late,) = ends([[*events[:8], events[13], *events[8:13], events[14]]])

    assert late[0][0][0] == "canceled"


def test_one_event_alone_leads_to_its_couple(told):
    for build in (checkout, lambda told: invoice("paid", told)):
        (end,) = ends([read([build(told)])])
        assert end[2][0][:2] == (told.customer, told.user.pk)
