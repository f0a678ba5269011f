"""What changes about a person reaches their contact, whatever goes wrong on the way."""

from uuid import uuid4

import pytest

from accounts.clients.contacts import contacts
from accounts.elsewhere.contact import note_contact
from accounts.elsewhere.contact_sync import sync_contact
from accounts.models import Contact, Profile, Tombstone, User
from accounts.simulators.account import SEGMENT
from accounts.simulators.faults import Fault
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from tests.accounts.elsewhere.resend_story import (
    ADA,
    EVE,
    again,
    choose,
    move,
    promise,
    sync,
    there,
    verified,
)
from tests.vendors import without_identities

pytestmark = pytest.mark.django_db(transaction=True)
vendors = without_identities
# Each is met by the third call: the first two look who is there.
LOST = [
    Fault("reset_before", method="POST"),
    Fault("reset_after", method="POST"),
    Fault("reset_after", method="PATCH"),
    Fault("hang_after", method="POST"),
    Fault("hang_after", method="PATCH"),
    Fault("status", method="PATCH", status=500),
    Fault("status_after", method="POST", status=500),
    Fault("garbage", method="POST"),
    Fault("changed", method="PATCH", values={"first_name": "Mallory"}),
]


@pytest.fixture
def ada(vendors):
    return verified(ADA, "Ada")


class TestDelivered:
    def test_once_for_two_messages(self, ada, vendors):
        sync(ada)
        calls = len(vendors.resend.ledger)
        sync(ada)

        assert len(vendors.resend.ledger) == calls

    @pytest.mark.parametrize("fault", LOST, ids=lambda one: f"{one.kind} {one.method}")
    def test_to_one_right_contact_after_a_fault(self, ada, vendors, fails, fault):
        fault.times = 1
        fails("resend", fault)
        sync(ada)
        assert OutboxMessage.objects.get().attempts == 1, "the fault was met"
        assert Contact.objects.count() == 0

        again()

        assert there(ADA) == ("Ada", False)
        assert len(vendors.resend.effects("contact.created")) == 1
        assert not OutboxMessage.objects.exists()
        assert_every_invariant_holds()

    def test_later_where_resend_asks_for_a_pause(self, ada, vendors):
        vendors.resend.faults.add(
            Fault("status", method="POST", status=429, headers={"Retry-After": "3"})
        )
        sync(ada)
        waits = OutboxMessage.objects.get()
        again()

        assert (waits.state, waits.attempts) == ("pending", 0)
        assert there(ADA) == ("Ada", False)

    def test_after_a_short_pause_without_beginning_anew(self, ada, vendors, monkeypatch):
        """Else a limit that lets fewer calls through than one person takes is never passed."""
        pauses = []
        monkeypatch.setattr("accounts.clients.contacts.time.sleep", pauses.append)
        vendors.resend.faults.add(
            *(
                Fault("status", method=method, status=429, headers={"Retry-After": "1"})
                for method in ("GET", "POST", "PATCH")
            )
        )
        sync(ada)

        assert there(ADA) == ("Ada", False)
        assert not OutboxMessage.objects.exists()
        assert pauses.count(1.0) == 3

    def test_again_where_it_was_removed_between_two_calls(self, ada, vendors):
        sync(ada)
        choose(ada, wanted=False)
        gone = {"statusCode": 404, "name": "not_found", "message": "Contact not found"}
        vendors.resend.faults.add(Fault("status", method="PATCH", status=404, body=gone))
        deliver_due()
        assert OutboxMessage.objects.get().state == "pending"

        again()

        assert there(ADA) == ("Ada", True)

    def test_to_a_new_contact_where_somebody_removed_it(self, ada):
        sync(ada)
        contacts().remove(Contact.objects.get().contact_id)
        choose(ada, wanted=False)

        deliver_due()

        assert contacts().find(ADA).id == Contact.objects.get().contact_id
        assert there(ADA) == ("Ada", True)

    def test_to_the_one_that_was_there_before_and_no_second_one(self, ada, vendors):
        sync(ada)
        imported = contacts().put(email=EVE, first_name="", last_name="", unsubscribed=False)
        move(ada, EVE)

        deliver_due()

        assert [one.id for one in contacts().all()] == [imported]
        assert Contact.objects.get().contact_id == imported

    def test_into_the_segment(self, ada):
        sync(ada)

        assert contacts().segments(Contact.objects.get().contact_id) == [SEGMENT]

    def test_to_nobody_of_this_uid(self, vendors):
        sync_contact(uuid4())

        assert not vendors.resend.ledger


class TestUnsubscribedAtResend:
    def test_is_kept_and_shown_here(self, ada):
        sync(ada)
        contacts().set_unsubscribed(Contact.objects.get().contact_id, unsubscribed=True)
        Profile.objects.update(name="Augusta")

        sync(ada)

        assert there(ADA) == ("Augusta", True)
        assert Contact.objects.get().unsubscribed
        assert_every_invariant_holds()

    def test_before_we_knew_them_counts_too(self, ada):
        contacts().put(email=ADA, first_name="", last_name="", unsubscribed=True)
        sync(ada)

        assert there(ADA) == ("Ada", True)

    def test_is_not_what_we_did_whose_answer_was_lost(self, ada, vendors):
        sync(ada)
        choose(ada, wanted=False)
        vendors.resend.faults.add(Fault("reset_after", method="PATCH"))
        deliver_due()
        choose(ada, wanted=True)
        assert Contact.objects.get().told == "", "nobody can say what was heard"

        again()

        assert there(ADA) == ("Ada", False)


class TestTwoPeople:
    def test_an_address_that_was_given_up_waits_until_its_contact_has_moved(self, ada):
        sync(ada)
        move(ada, EVE)
        other = verified(ADA, "Other")
        promise(other)
        mine = OutboxMessage.objects.filter(payload__user=str(ada.uid), effect__endswith="contact")
        mine.update(available_at="2040-01-01T00:00Z")

        deliver_due()
        assert there(ADA) == ("Ada", False), "it is still of the one who moves"
        again()
        again()

        assert (there(ADA), there(EVE)) == (("Other", False), ("Ada", False))
        assert len(set(Contact.objects.values_list("contact_id", flat=True))) == 2
        assert_every_invariant_holds()

    def test_those_who_swap_addresses_wait_until_a_contact_is_removed_by_hand(self, ada):
        other = verified(EVE, "Other")
        for user in (ada, other):
            sync(user)
        for user, email in ((ada, "x@example.com"), (other, ADA), (ada, EVE)):
            move(user, email)
        deliver_due()
        again()
        assert OutboxMessage.objects.filter(last_error__contains="another person").count() == 2

        contacts().remove(Contact.objects.get(user=ada).contact_id)
        again()
        again()

        assert (there(ADA), there(EVE)) == (("Other", False), ("Ada", False))
        assert not OutboxMessage.objects.exists()


class TestDeleted:
    def test_whoever_has_a_tombstone_is_not_told_of(self, ada, vendors):
        promise(ada)
        Tombstone.objects.create(uid=ada.uid)

        deliver_due()

        assert not vendors.resend.ledger
        assert not OutboxMessage.objects.exists()

    @pytest.mark.parametrize("gone", ["sealed", "row and all"])
    def test_a_contact_that_was_made_meanwhile_goes(self, ada, gone):
        id = contacts().put(email=ADA, first_name="", last_name="", unsubscribed=False)
        Tombstone.objects.create(uid=ada.uid)
        known = User(pk=2**40 if gone == "row and all" else ada.pk, uid=ada.uid)

        note_contact(user=known, contact_id=id, told="x", muted=False)
        message = OutboxMessage.objects.get()
        deliver_due()

        assert (message.effect, message.payload) == ("accounts.remove_contact", {"contact": id})
        assert message.ordering_key == f"contact:{ada.uid}"
        assert contacts().find(ADA) is None
        assert not Contact.objects.exists()
