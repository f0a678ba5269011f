"""Events: kept as they came, applied once, and what becomes of those that can't be."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from accounts.billing.customers import APPLY_EVENT
from accounts.billing.inbox import EventForgotten, EventNotFound, receive_event, replay_event
from accounts.billing.webhooks import read_event
from accounts.models import Customer, Event, EventChange, Payment, Subscription, Tombstone, User
from accounts.models.deletion import digest
from accounts.views.webhooks import STRIPE
from integrity.audit import SYSTEM, command_actor
from integrity.models import AuditEntry, OutboxMessage
from integrity.relay import deliver_due
from integrity.retention import count_expired, purge
from integrity.sealed import unseal
from integrity.testing import assert_every_invariant_holds
from tests.accounts.billing.stripe_story import (
    checkout,
    customer,
    event,
    invoice,
    raw,
    story,
    subscription,
    whole_story,
)
from tests.factories import CoupleFactory
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)
BY = command_actor("a test")


def send(told):
    body = raw(told)
    return receive_event(raw=body, event=read_event(body), by=STRIPE)


def result(told):
    outcome = send(told)
    return outcome.state, outcome.reason


@pytest.fixture
def told():
    return story(CoupleFactory())


class TestReceiving:
    def test_an_event_is_kept_to_the_byte_and_encrypted(self, told):
        body = raw(customer("created", told)) + b" \n"
        receive_event(raw=body, event=read_event(body), by=STRIPE)

        kept = Event.objects.get()
        assert unseal(bytes(kept.sealed))["body"].encode() == body
        assert b"ada@example.com" not in bytes(kept.sealed)

    def test_it_says_which_rows_it_changed(self, told):
        send(customer("created", told))
        send(subscription("created", told, "incomplete"))
        send(subscription("updated", told, "incomplete", cancel=True))

        made, new, updated = EventChange.objects.order_by("pk")
        assert (made.subject, made.fields) == (f"accounts.customer:{told.customer}", ["user"])
        assert new.subject == f"accounts.subscription:{told.subscription}"
        assert updated.fields == ["cancel_at_period_end", "event_rank"]

    def test_any_event_of_the_story_may_be_the_first(self):
        stories = [whole_story(story(CoupleFactory())) for _ in whole_story(story(None))]
        firsts = [events[number] for number, events in enumerate(stories)]

        assert {result(each) for each in firsts} == {("applied", "")}
        assert_every_invariant_holds()

    def test_a_second_delivery_does_nothing(self, told):
        first = customer("created", told)

        assert not send(first).repeated
        assert send(first).repeated
        assert EventChange.objects.count() == 1

    @pytest.mark.parametrize(
        ("build", "reason"),
        [
            (lambda told: event("a.new.type", told, {"object": "a"}), "unhandled_type"),
            (lambda told: customer("created", told, livemode=True), "other_mode"),
            (lambda told: customer("created", told, account="acct_1"), "other_account"),
            (lambda told: customer("created", story(None)), "no_owner"),
            (
                lambda told: customer("created", story(User(uid=uuid4()))),
                "no_owner",
            ),
        ],
        ids=["unknown type", "other mode", "other account", "no user named", "unknown user"],
    )
    def test_what_concerns_nobody_is_kept_and_ignored(self, told, build, reason):
        assert result(build(told)) == ("ignored", reason)
        assert not EventChange.objects.exists()

    def test_what_is_as_new_as_what_we_know_is_ignored(self, told):
        send(subscription("updated", told, "active"))

        assert result(subscription("created", told, "incomplete")) == ("ignored", "stale")

    @pytest.mark.parametrize("by_uid", [True, False])
    def test_whoever_was_deleted_is_left_alone(self, told, by_uid):
        ids = [] if by_uid else [digest(told.customer)]
        told.named = by_uid
        Tombstone.objects.create(uid=told.user.uid if by_uid else uuid4(), vendor_ids=ids)

        assert result(subscription("deleted", told, "canceled")) == ("ignored", "tombstoned")

    def test_another_version_is_kept_and_applied(self, told):
        assert result(customer("created", told, api_version="2020-01-01"))[0] == "applied"
        assert Event.objects.get().api_version == "2020-01-01"

    def test_an_invoice_of_nothing_is_no_payment(self, told):
        send(customer("created", told))

        assert result(invoice("paid", told, amount=0)) == ("ignored", "stale")
        assert not Payment.objects.exists()


class TestFailing:
    def test_what_can_not_be_applied_is_kept_and_promised_again(self, told):
        assert result(subscription("created", told, "fine")) == ("failed", "NotUnderstood")

        assert OutboxMessage.objects.get().effect == APPLY_EVENT
        assert not Customer.objects.exists()

    def test_the_relay_tries_again_and_waits_longer_each_time(self, told):
        send(subscription("created", told, "fine"))

        deliver_due()

        assert Event.objects.get().attempts == 2
        assert OutboxMessage.objects.get().attempts == 1

    def test_a_second_live_subscription_waits_for_the_end_of_the_first(self, told):
        send(subscription("created", told, "active"))
        second = story(told.user, customer=told.customer)
        failed = result(subscription("created", second, "active"))
        assert failed == ("failed", "IntegrityError: accounts_subscription_one_live")

        send(subscription("deleted", told, "canceled", after=9))
        deliver_due()

        assert set(Event.objects.values_list("state", flat=True)) == {"applied"}
        assert Subscription.objects.get(pk=second.subscription).status == "active"
        assert not OutboxMessage.objects.exists()

    def test_a_customer_stays_whose_it_is(self, told):
        send(customer("created", told))
        other = story(CoupleFactory(), customer=told.customer)

        assert result(checkout(other)) == ("failed", "CustomerOfAnother")
        assert Customer.objects.get().user == told.user

    def test_an_event_that_names_two_of_ours_is_nobodys(self, told):
        """Whoever follows a payment link can write another's id into its address."""
        thing = {"customer": told.customer, "client_reference_id": str(CoupleFactory().uid)}
        thing["metadata"] = {"user_id": str(told.user.uid)}

        assert result(event("checkout.session.completed", told, thing))[1] == "CustomerOfAnother"
        assert not Customer.objects.exists()

    def test_a_payment_is_not_moved_to_another_couple(self, told):
        send(invoice("paid", told))
        other = story(CoupleFactory(), subscription=told.subscription)

        assert result(invoice("paid", other, attempts=2))[1] == "CustomerOfAnother"
        assert Payment.objects.get().user == told.user

    def test_a_subscription_is_not_moved_to_another_customer(self, told):
        send(subscription("created", told, "active"))
        other = story(told.user, subscription=told.subscription)

        moved = result(subscription("updated", other, "active", after=9))
        assert moved == ("failed", "CustomerOfAnother")


class TestWaitingForAnOwner:
    def test_what_came_before_its_owner_is_applied_when_they_are_known(self, told):
        told.named = False
        *events, known = sorted(whole_story(told), key=lambda each: "checkout" in each["type"])
        assert {result(each) for each in events} == {("ignored", "no_owner")}

        send(known)
        deliver_due()

        assert Subscription.objects.get().status == "canceled"
        assert Payment.objects.filter(state="paid").count() == 3
        assert not Event.objects.filter(reason="no_owner").exists()
        assert_every_invariant_holds()

    def test_an_event_that_comes_while_its_owner_is_met_waits_for_that(self, told):
        known = customer("created", told)
        told.named = False
        with rival() as other, rival() as looker, in_threads() as start:
            other("BEGIN")
            other(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", f"stripe:{told.customer}"
            )
            early = start(result, told=subscription("created", told, "active"))
            wait_for_a_blocked_session(looker)
            other("COMMIT")

            assert early.result() == ("ignored", "no_owner")
        send(known)
        deliver_due()
        assert Subscription.objects.get().status == "active"


class TestRetention:
    def test_an_old_event_goes_with_its_changes_and_a_failed_one_stays(self, told):
        send(customer("created", told))
        send(subscription("created", told, "fine"))
        send(customer("deleted", told))
        Event.objects.exclude(type="customer.deleted").update(
            received_at=Now() - timedelta(days=91)
        )
        assert count_expired()["Stripe events"] == 1
        purge(by=SYSTEM)

        left = Event.objects.order_by("type").values_list("type", "state")
        assert list(left) == [
            ("customer.deleted", "applied"),
            ("customer.subscription.created", "failed"),
        ]


class TestReplay:
    def test_of_an_applied_event_it_is_a_no_op(self, told):
        send(customer("created", told))
        name = Event.objects.get().pk

        assert replay_event(event_id=name, by=BY).repeated
        assert Event.objects.get().attempts == 1
        assert not AuditEntry.objects.exists()

    def test_of_an_ignored_event_it_looks_again(self, told):
        told.named = False
        send(subscription("created", told, "active"))
        Customer.objects.create(stripe_id=told.customer, user=told.user)

        assert replay_event(event_id=Event.objects.get().pk, by=BY).state == "applied"
        assert AuditEntry.objects.get().verb == "accounts.event_replayed"

    def test_an_event_whose_body_is_forgotten_is_not_replayed(self, told):
        send(customer("created", story(None)))
        Event.objects.update(sealed=None)

        with pytest.raises(EventForgotten):
            replay_event(event_id=Event.objects.get().pk, by=BY)

    def test_an_unknown_one_is_not_either(self):
        with pytest.raises(EventNotFound):
            replay_event(event_id="evt_of_nobody", by=BY)
