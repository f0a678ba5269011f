"""An account that has to be kept isn't deleted, and everybody is told why in plain words."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.leaving import steps_local
from accounts.leaving.deletion import Wish, token_of
from accounts.leaving.holding import HELD, OWES, NotHeld, NothingToHold, lift_hold, place_hold
from accounts.models import Hold, Member, Tombstone, User
from integrity.audit import Actor
from integrity.models import AuditEntry
from tests import mailbox
from tests.accounts.billing.stripe_story import invoice, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.accounts.leaving.story import begin, known_everywhere, run_to_the_end
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("operator", "ada", "a court asks", via="admin")


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


def owe(ada, status="past_due"):
    told = story(ada.user, customer=ada.customer, subscription=ada.subscription)
    send(subscription("updated", told, status))
    send(invoice("payment_failed", told))


def is_kept(ada, saga, why, client):
    assert run_to_the_end(saga) == "compensated"
    assert User.objects.get(pk=ada.user.pk).leaving_since is None
    assert not Tombstone.objects.exists()
    assert saga.events.filter(event="step_failed", detail__error=why).exists(), "for operators"
    page = client.get(reverse("accounts_leaving", args=[token_of(saga.uid)]))
    assert why in page.text
    assert "refused its part" not in page.text
    assert why in mailbox.last().text
    assert why in mailbox.last().html


class TestADeletionOf:
    def test_a_held_account_is_taken_back_at_its_last_look(self, ada, client):
        place_hold(user=ada.user, until=None, by=BY)

        is_kept(ada, begin(ada), HELD, client)

    def test_one_that_was_held_after_it_had_begun(self, ada, client):
        saga = begin(ada)
        place_hold(user=ada.user, until=None, by=BY)

        is_kept(ada, saga, HELD, client)

    def test_one_that_was_held_between_the_last_look_and_the_seal(self, ada, client, monkeypatch):
        saga, bury = begin(ada), steps_local.user_of
        looks = []

        def hold_late(at):
            looks.append(at.step)
            if at.step == "seal":
                Hold.objects.get_or_create(user=ada.user, reason="late", placed_by="eve")
            return bury(at)

        monkeypatch.setattr(steps_local, "user_of", hold_late)

        is_kept(ada, saga, HELD, client)
        assert {"preflight", "seal"} <= set(looks)

    def test_one_whose_invoice_is_open(self, ada, client):
        owe(ada)

        is_kept(ada, begin(ada), OWES, client)

    def test_one_whose_subscription_has_ended_meanwhile_goes(self, ada):
        owe(ada)
        told = story(ada.user, customer=ada.customer, subscription=ada.subscription)
        send(subscription("deleted", told, "canceled", after=9))

        assert run_to_the_end(begin(ada)) == "completed"

    def test_one_that_is_held_no_more_goes(self, ada):
        place_hold(user=ada.user, until=None, by=BY)
        lift_hold(user=ada.user, by=BY)

        assert run_to_the_end(begin(ada)) == "completed"

    def test_one_whose_hold_is_over_goes_with_the_hold(self, ada):
        place_hold(user=ada.user, until=timezone.now() - timedelta(minutes=1), by=BY)

        assert run_to_the_end(begin(ada)) == "completed"
        assert not Hold.objects.exists()

    @pytest.mark.parametrize("owes", [False, True])
    def test_one_that_was_sealed_before_and_came_back_goes(self, ada, owes):
        """A backup had what was in the way once: a hold, or an open invoice."""
        saga = begin(ada)
        owe(ada) if owes else place_hold(user=ada.user, until=None, by=BY)
        Tombstone.objects.bulk_create([Tombstone(uid=ada.user.uid)])

        assert run_to_the_end(saga) == "completed"

    def test_one_whose_partner_is_held_leaves_them_the_plan(self, ada):
        partner = CoupleFactory(wedding=Member.objects.get(user=ada.user).wedding)
        place_hold(user=partner, until=None, by=BY)
        plan = Member.objects.get(user=partner).wedding

        assert run_to_the_end(begin(ada, Wish(ends_wedding=True, days=0))) == "completed"
        assert Member.objects.get().wedding == plan
        assert ("wedding_is_yours", partner.email) in mailbox.kinds()


class TestPlacing:
    def test_is_audited_with_its_reason_and_says_until_when(self):
        user, until = CoupleFactory(), timezone.now() + timedelta(days=9)

        place_hold(user=user, until=until, by=BY)

        hold = Hold.objects.get()
        assert (hold.reason, hold.placed_by, hold.until) == ("a court asks", "ada", until)
        entry = AuditEntry.objects.get(verb="accounts.hold_placed")
        assert (entry.reason, entry.detail) == ("a court asks", {"until": until.isoformat()})

    def test_again_replaces_what_was_there(self):
        user = CoupleFactory()
        place_hold(user=user, until=timezone.now() + timedelta(days=9), by=BY)

        place_hold(user=user, until=None, by=Actor("operator", "eve", "a judge asks", via="admin"))

        assert list(Hold.objects.values_list("reason", "until")) == [("a judge asks", None)]

    def test_the_very_same_again_is_one(self):
        user = CoupleFactory()
        for _ in range(2):
            place_hold(user=user, until=None, by=BY)

        assert AuditEntry.objects.filter(verb="accounts.hold_placed").count() == 1

    def test_is_too_late_once_the_account_is_sealed(self):
        user = CoupleFactory()
        Tombstone.objects.bulk_create([Tombstone(uid=user.uid)])

        with pytest.raises(NothingToHold):
            place_hold(user=user, until=None, by=BY)

    def test_is_for_couples(self):
        with pytest.raises(NothingToHold):
            place_hold(user=OperatorFactory(), until=None, by=BY)


def test_lifting_what_nobody_holds_is_refused():
    with pytest.raises(NotHeld):
        lift_hold(user=CoupleFactory(), by=BY)

    assert not AuditEntry.objects.exists()
