"""The newest of all that was said is the same, in whatever order it was said."""

import random
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations

import pytest

from accounts.billing.facts import (
    READ,
    InvoiceFacts,
    NotUnderstood,
    SubscriptionFacts,
    invoice_in,
    newest_invoice,
    newest_subscription,
    subscription_in,
)
from accounts.billing.webhooks import read_event
from tests.accounts.billing.stripe_story import invoice, raw, story, subscription, whole_story

AT = datetime(2031, 5, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def said(status, *, after=0, rank=1, cancel=False, price="price_1"):
    rank = 9 if status in ("canceled", "incomplete_expired") else rank
    return SubscriptionFacts("sub_1", status, cancel, AT, (price,), AT + after * SECOND, rank)


def all_told(events, read, newest):
    return reduce(newest, (read(each) for each in events), None)


STORY = [read_event(raw(each)) for each in whole_story(story(None))]
STATES = [subscription_in(each) for each in STORY if ".subscription." in each.type]
INVOICES = [each for each in STORY if each.type.startswith("invoice.")]
LAST = [invoice_in(each) for each in INVOICES if each.thing["id"].startswith("in_3")]


class TestSubscription:
    def test_every_order_of_the_story_ends_the_same(self):
        """8 states in all 40,320 orders."""
        ends = {reduce(newest_subscription, order, None) for order in permutations(STATES)}

        assert [each.status for each in ends] == ["canceled"]

    def test_every_order_of_a_life_without_an_end_ends_the_same(self):
        alive = STATES[:-1]
        ends = {reduce(newest_subscription, order, None) for order in permutations(alive)}

        assert [(each.status, each.in_doubt) for each in ends] == [("active", False)]

    def test_two_ends_of_one_second_end_the_same(self):
        ends = [said("canceled", cancel=cancel) for cancel in (True, False)]

        assert len({reduce(newest_subscription, order) for order in permutations(ends)}) == 1

    def test_contradictions_end_the_same_in_doubt(self):
        second = [said("active"), said("active", price="price_2"), said("active", cancel=True)]
        second.append(said("unpaid"))
        sayings = [said("incomplete", rank=0), *second, said("active")]
        ends = {reduce(newest_subscription, order, None) for order in permutations(sayings)}

        assert len(ends) == 1
        assert ends.pop().in_doubt

    def test_the_same_said_twice_is_no_contradiction(self):
        end = reduce(newest_subscription, [said("paused"), said("paused")], None)

        assert not end.in_doubt

    def test_what_was_read_settles_it_and_a_later_event_beats_it(self):
        doubt = reduce(newest_subscription, [said("active"), said("past_due")], None)
        settled = newest_subscription(doubt, said("active", rank=READ))

        assert (settled.status, settled.in_doubt) == ("active", False)
        assert newest_subscription(settled, said("unpaid", after=1)).status == "unpaid"
        assert newest_subscription(settled, said("unpaid")).in_doubt

    def test_an_end_is_final(self):
        for late in (said("active", after=9), said("active", rank=READ, after=9)):
            assert newest_subscription(said("canceled"), late).status == "canceled"
            assert newest_subscription(late, said("canceled")).status == "canceled"

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "fine"},
            {"status": None},
            {"cancel_at_period_end": None},
            {"items": {"data": []}},
            {"items": None},
            {"items": {"data": [None]}},
            {"items": {"data": [{"current_period_end": None}]}},
            {"items": {"data": [{"current_period_end": True}]}},
            {"items": {"data": [{"current_period_end": 1_767_264_000}]}},
            {"items": {"data": [{"current_period_end": 1_767_264_000, "price": "price_1"}]}},
            {"items": {"data": [{"current_period_end": 1_767_264_000, "price": {"id": ""}}]}},
            {"id": None},
            {"id": "sub\u0000"},
        ],
        ids=str,
    )
    def test_what_lacks_something_is_not_understood(self, changes):
        event = subscription("updated", story(None), "active")
        event["data"]["object"] |= changes

        with pytest.raises(NotUnderstood):
            subscription_in(read_event(raw(event)))


def test_two_thousand_shuffles_with_repetitions_end_the_same():
    """The story with a change of price and a contradiction, which only Stripe can settle."""
    other = [said("active", price="price_2"), said("active", price="price_2", after=1)]
    sayings = [said("incomplete", rank=0), said("active"), said("past_due"), *other]
    chance = random.Random(20_311)
    for known in (sayings, sayings[:-1], STATES):
        ends = set()
        for _ in range(2000):
            order = known + chance.sample(known, chance.randrange(len(known)))
            ends.add(reduce(newest_subscription, chance.sample(order, len(order))))
        assert len(ends) == 1


class TestInvoice:
    def test_paid_beats_failed_in_any_order(self):
        ends = {reduce(newest_invoice, order, None) for order in permutations(LAST)}

        assert [each.paid for each in ends] == [True]

    def test_random_sayings_end_the_same(self):
        chance = random.Random(20_311)
        for _ in range(300):
            sayings = [
                InvoiceFacts(
                    chance.random() < 0.5,
                    AT,
                    chance.randrange(3),
                    chance.randrange(3),
                    "eur",
                    AT,
                    "",
                )
                for _ in range(6)
            ]
            shuffled = chance.sample(sayings, 6) + chance.sample(sayings, 3)
            assert reduce(newest_invoice, shuffled) == reduce(newest_invoice, sayings)

    @pytest.mark.parametrize(
        "changes",
        [
            {"currency": None},
            {"currency": "EUR"},
            {"amount_paid": None},
            {"amount_paid": -1},
            {"amount_paid": "1900"},
            {"amount_paid": 2**70},
            {"attempt_count": None},
            {"lines": {"data": []}},
            {"lines": {"data": [{"period": None}]}},
            {"parent": {"subscription_details": {"subscription": "sub\u0000"}}},
        ],
        ids=str,
    )
    def test_what_lacks_something_is_not_understood(self, changes):
        event = invoice("paid", story(None))
        event["data"]["object"] |= changes

        with pytest.raises(NotUnderstood):
            invoice_in(read_event(raw(event)))

    @pytest.mark.parametrize("parent", [None, [], {}, {"subscription_details": None}])
    def test_an_invoice_of_no_subscription_is_one(self, parent):
        event = invoice("paid", story(None))
        event["data"]["object"]["parent"] = parent

        assert invoice_in(read_event(raw(event))).subscription_id == ""
