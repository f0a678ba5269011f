"""What Stripe lists is held against what is here; what was missed is found, and taken over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.billing import comparing
from accounts.billing.comparing import NothingToCompare, Overtaken, compare_with_stripe, note_events
from accounts.clients.outcomes import VendorError
from accounts.invariants.comparing import AGREES, HERE
from accounts.models import (
    Comparison,
    Event,
    ListedSubscription,
    MissedEvent,
    Subscription,
)
from accounts.repairs.comparing import (
    ask_about,
    missed_events,
    otherwise_listed,
    take_missed,
)
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault
from accounts.tasks import compare
from integrity import cli
from integrity.audit import command_actor
from integrity.evaluate import evaluate
from integrity.relay import deliver_due
from integrity.transactions import transaction
from tests.accounts.billing.test_inbox import send
from tests.commands import manage as manage
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = command_actor("a test")


@pytest.fixture
def stripe(vendors, monkeypatch):
    """Everything there happened an hour ago."""
    monkeypatch.setattr(comparing, "PAUSE", 0)
    monkeypatch.setattr(vendors.stripe, "clock", lambda: timezone.now().timestamp() - 3600)
    return vendors.stripe


@pytest.fixture
def bought(stripe):
    """A couple's subscription at Stripe, of which nothing has come. Its id."""
    metadata = {"user_id": str(CoupleFactory().uid)}
    customer = stripe.add_customer({"metadata": metadata})
    return stripe.subscribe(customer, STRIPE_PRICE, metadata)["id"]


def hear_all(stripe):
    for each in list(stripe.state["events"].values()):
        send(each)


def result(name):
    (found,) = evaluate([name]).results
    return found


def mend(deeds, perform):
    for deed in list(deeds):
        with transaction():
            perform(deed)


def test_where_all_has_come_nothing_differs(stripe, bought):
    hear_all(stripe)

    compare_with_stripe(by=BY)

    assert (result(HERE).result, result(AGREES).result) == ("holds", "holds")


def test_what_never_came_is_found_and_taken(stripe, bought):
    compare_with_stripe(by=BY)
    assert result(HERE).count == len(stripe.state["events"])

    mend(missed_events(), take_missed)

    assert result(HERE).result == "holds"
    assert Subscription.objects.get().status == "active"
    assert Event.objects.filter(state="failed").count() == 0


def test_what_is_younger_than_a_quarter_of_an_hour_may_still_be_on_its_way(vendors):
    vendors.stripe.add_customer({"metadata": {}})

    compare_with_stripe(by=BY)

    assert not MissedEvent.objects.exists()


def test_a_subscription_that_is_otherwise_is_found_and_asked_about(stripe, bought):
    hear_all(stripe)
    deliver_due()
    stripe.state["subscriptions"][bought]["status"] = "past_due"
    compare_with_stripe(by=BY)
    compare_with_stripe(by=BY)
    assert result(AGREES).count == 1

    mend(otherwise_listed(), ask_about)
    deliver_due()

    assert result(AGREES).result == "holds"
    assert Subscription.objects.get().status == "past_due"


def test_the_next_comparison_forgets_what_agrees_again(stripe, bought):
    hear_all(stripe)
    deliver_due()
    stripe.state["subscriptions"][bought]["status"] = "past_due"
    compare_with_stripe(by=BY)
    stripe.state["subscriptions"][bought]["status"] = "active"

    compare_with_stripe(by=BY)

    assert not ListedSubscription.objects.exists()


def test_subscriptions_of_strangers_are_not_ours_to_judge(stripe):
    stranger = stripe.add_customer({"metadata": {}})
    stripe.subscribe(stranger, STRIPE_PRICE, {})

    compare_with_stripe(by=BY)

    assert not ListedSubscription.objects.exists()


class TestHalfWay:
    def test_it_proves_nothing_and_goes_on_where_it_stopped(self, stripe, bought, monkeypatch):
        monkeypatch.setattr("accounts.clients.payments.PAGE", 2)
        monkeypatch.setattr(comparing, "PAGE", 2)
        stripe.faults.add(Fault(method="GET", path="v1/subscriptions", kind="status"))

        with pytest.raises(VendorError):
            compare_with_stripe(by=BY)
        half = Comparison.objects.get()
        assert (result(HERE).result, half.reading) == ("unknown", "subscriptions")
        events = [each for each in stripe.calls if each.path.endswith("v1/events")]
        compare_with_stripe(by=BY)

        assert Comparison.objects.get().finished_at
        assert result(HERE).result == "broken"
        again = [each for each in stripe.calls if each.path.endswith("v1/events")]
        assert len(again) == len(events)

    def test_one_that_looks_back_less_far_is_not_gone_on_with(self, stripe, bought):
        stripe.faults.add(Fault(method="GET", path="v1/subscriptions", kind="status"))
        with pytest.raises(VendorError):
            compare_with_stripe(by=BY, days=4)

        compare_with_stripe(by=BY, days=20)

        assert timezone.now() - Comparison.objects.latest("pk").since > timedelta(days=19)

    def test_a_limit_on_calls_stops_it_and_loses_nothing(self, stripe, bought):
        stripe.faults.add(Fault(method="GET", path="v1/events", kind="status", status=429))

        with pytest.raises(VendorError):
            compare_with_stripe(by=BY)

        assert result(HERE).result == "unknown"
        compare_with_stripe(by=BY)
        assert result(HERE).result == "broken"

    def test_a_list_that_never_ends_proves_nothing(self, stripe, bought):
        page = {"object": "list", "has_more": True, "url": "/v1/events"}
        page["data"] = [next(iter(stripe.state["events"].values()))]
        stripe.faults.add(Fault("status", path="v1/events", status=200, body=page, times=9))

        with pytest.raises(VendorError):
            compare_with_stripe(by=BY)

        assert (result(HERE).result, Comparison.objects.get().finished_at) == ("unknown", None)

    def test_two_at_once_note_each_page_once(self, stripe, bought):
        stale = Comparison.objects.create(since=timezone.now() - timedelta(days=1))
        listed = list(stripe.state["events"].values())
        note_events(comparison=Comparison.objects.get(), listed=listed, by=BY)

        with pytest.raises(Overtaken):
            note_events(comparison=stale, listed=listed, by=BY)

        assert Comparison.objects.get().read == len(listed)


def test_nobody_can_tell_when_stripe_was_not_asked_for_a_day(stripe, bought):
    hear_all(stripe)
    compare_with_stripe(by=BY)
    Comparison.objects.update(finished_at=timezone.now() - timedelta(hours=27))

    assert result(HERE).result == "unknown"


def test_without_stripe_there_is_nothing_to_compare():
    with pytest.raises(NothingToCompare):
        compare_with_stripe(by=BY)

    assert result(HERE).result == "holds"


class TestWhatIsNotAsDocumented:
    @pytest.mark.parametrize("event", [{"id": "evt_1"}, {"id": "evt_1", "type": 1, "created": 1}])
    def test_an_event_that_is_none_proves_nothing(self, event, stripe, bought):
        page = {"object": "list", "data": [event], "has_more": False}
        stripe.faults.add(Fault("status", method="GET", path="v1/events", status=200, body=page))

        with pytest.raises(VendorError, match="not_understood"):
            compare_with_stripe(by=BY)

        assert result(HERE).result == "unknown"

    def test_a_subscription_of_an_unknown_shape_is_named(self, stripe, bought, manage, settings):
        settings.DEBUG = True
        hear_all(stripe)
        stripe.state["subscriptions"][bought]["status"] = "on_a_whim"
        stripe.checker = None

        compare()
        told = manage("billing", "compare")

        assert (told.code, bought in told.err) == (cli.UNKNOWN, True)
        assert result(AGREES).result == "unknown"


def test_what_changes_between_asking_and_noting_is_no_difference(stripe, bought, monkeypatch):
    """Stripe's seconds are whole, so that an event is told as from before its page was asked for."""
    hear_all(stripe)
    deliver_due()
    monkeypatch.setattr(stripe, "clock", lambda: timezone.now().timestamp() - 1)
    note = comparing.note_subscriptions

    def change_first(**page):
        stripe.update(stripe.open_one(bought), cancel_at_period_end=True)
        send(list(stripe.state["events"].values())[-1])
        note(**page)

    monkeypatch.setattr(comparing, "note_subscriptions", change_first)
    compare_with_stripe(by=BY)

    assert ListedSubscription.objects.get().cancel_at_period_end is False
    assert result(AGREES).result == "holds"


class TestByItself:
    def test_once_a_day(self, stripe, bought):
        compare()
        compare()

        assert Comparison.objects.count() == 1

    def test_an_outage_is_left_to_the_next_call(self, stripe, bought):
        stripe.faults.add(Fault(method="GET", kind="status"))
        compare()
        compare()

        assert Comparison.objects.get().finished_at

    def test_without_stripe_nothing_happens(self):
        compare()

        assert not Comparison.objects.exists()


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def here(self, settings):
        """The stand-ins are not reached by https, which only a developer may."""
        settings.DEBUG = True

    def test_says_what_differs_and_how_to_take_it_over(self, stripe, bought, manage):
        told = manage("billing", "compare")
        assert told.code == cli.FOUND
        assert f"never came. To take them over: manage.py integrity plan {HERE}" in told.err
        hear_all(stripe)
        assert manage("billing", "compare").code == cli.HOLDS

    def test_an_outage_is_unknown(self, stripe, manage):
        stripe.faults.add(Fault(method="GET", kind="status"))

        told = manage("billing", "compare")
        assert told.code == cli.UNKNOWN
        assert "call this again" in told.err

    def test_a_key_that_is_refused_is_not_told_to_try_again(self, stripe, manage, settings):
        settings.STRIPE_API_KEY = "sk_test_wrong"

        told = manage("billing", "compare")
        assert (told.code, "is STRIPE_API_KEY right" in told.err) == (cli.UNKNOWN, True)

    def test_without_stripe_it_is_refused(self, manage):
        assert manage("billing", "compare").code == cli.REFUSED
