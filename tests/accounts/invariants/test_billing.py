"""What is a finding about payments and usage, and what is none."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.billing.usage import use
from accounts.invariants.billing import (
    events_come_as_configured,
    every_event_says_what_became_of_it,
    no_deleted_user_is_back,
    usage_is_in_its_month,
)
from accounts.models import Event, Metric, PlanChange, Tombstone, User
from accounts.repairs.people import failed_events, try_event_again
from accounts.views.webhooks import STRIPE
from integrity.invariants import invariants
from integrity.transactions import transaction
from tests.accounts.billing.stripe_story import customer, invoice, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


def found(name):
    return invariants.get(f"accounts.{name}").violations().count()


def age(**time):
    Event.objects.update(received_at=timezone.now() - timedelta(**time))


@pytest.fixture
def told():
    return story(CoupleFactory())


def test_a_failed_event_has_a_quarter_of_an_hour(told):
    send(subscription("created", told, "fine"))
    for minutes, wrong in ((14, 0), (16, 1)):
        age(minutes=minutes)
        assert found("no_event_waits") == wrong


def test_an_owner_has_an_hour_to_become_known():
    send(customer("created", story(None)))
    for minutes, wrong in ((59, 0), (61, 1)):
        age(minutes=minutes)
        assert found("every_event_has_an_owner") == wrong


def test_what_is_ignored_for_another_reason_needs_no_owner(told):
    send(customer("created", told, livemode=True))
    age(days=9)

    assert found("every_event_has_an_owner") == 0


def test_the_newest_event_tells_the_version(told):
    send(customer("created", told, api_version="2010-01-01"))
    assert events_come_as_configured().count() == 1

    send(subscription("created", told, "active"))
    assert not events_come_as_configured().exists()


@pytest.mark.parametrize("other", [{"livemode": True}, {"account": "acct_1"}], ids=str)
def test_another_mode_or_account_is_told_for_a_day(told, other):
    send(customer("created", told, **other))
    send(customer("created", told))
    assert events_come_as_configured().count() == 1

    age(hours=25)
    assert not events_come_as_configured().exists()


def test_an_event_that_told_nothing_new_is_in_order(told):
    send(customer("created", told))
    send(customer("created", told))

    assert not every_event_says_what_became_of_it().exists()


def test_a_use_of_this_month_is_in_it(told):
    wedding = told.user.membership.wedding
    use(wedding=wedding, metric=Metric.INVITATIONS, operation="a", by=STRIPE)

    assert not usage_is_in_its_month().exists()


def test_whose_deletion_is_under_way_has_not_come_back(told):
    Tombstone.objects.create(uid=told.user.uid)
    Tombstone.objects.create(uid=uuid4())
    mine = User.objects.filter(pk=told.user.pk)
    mine.update(is_active=False, leaving_since=timezone.now())

    assert not no_deleted_user_is_back().exists()

    mine.update(is_active=True)
    assert no_deleted_user_is_back().get() == told.user, "nobody who is sealed may log in"


def test_an_end_told_late_is_in_order_and_a_payment_of_whoever_is_gone_is_not(told):
    Tombstone.objects.create(uid=told.user.uid)
    send(subscription("deleted", told, "canceled"))
    assert found("nobody_who_is_gone_pays") == 0

    send(invoice("paid", told))
    assert found("nobody_who_is_gone_pays") == 1


class TestRetryOfFailedEvents:
    def test_what_fails_again_stays_as_it_is(self, told):
        send(subscription("created", told, "fine"))
        (deed,) = failed_events()
        with transaction():
            try_event_again(deed)

        assert [each.before for each in failed_events()] == [deed.before]
        assert Event.objects.get().attempts == 2

    def test_what_can_not_be_tried_is_not_offered(self, told):
        send(subscription("created", told, "fine"))
        Event.objects.update(sealed=None)

        assert list(failed_events()) == []


def test_stripe_is_told_of_a_wish_within_a_quarter_of_an_hour():
    change = PlanChange.objects.create(user=CoupleFactory(), kind="buy")
    for minutes, wrong in ((14, 0), (16, 1)):
        PlanChange.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))
        assert found("no_plan_change_waits") == wrong

    PlanChange.objects.update(
        state="failed", reason="refused", answered_at=timezone.now(), created_at=change.created_at
    )
    assert found("no_plan_change_waits") == 0


def test_an_invoice_of_nothing_is_nobody_gone_who_pays(told):
    send(customer("created", told))
    send(invoice("paid", told, amount=0))

    assert found("nobody_who_is_gone_pays") == 0
