"""Resend's contacts are held against ours, both ways; what differs twice is found and set right."""

from dataclasses import replace

import pytest

from accounts.actors import acting
from accounts.clients import contacts as client
from accounts.clients.contacts import contacts
from accounts.clients.outcomes import VendorError
from accounts.elsewhere import listing
from accounts.elsewhere import people as listing_people
from accounts.elsewhere.contact import wants_news
from accounts.invariants.listing import DELETED_CONTACTS, NOBODYS_CONTACTS, UNLIKE_CONTACTS
from accounts.leaving.deletion import Wish, leave
from accounts.models import Contact, Difference, Listing, Tombstone
from accounts.models.deletion import digest
from accounts.simulators.faults import Fault
from integrity.relay import deliver_due
from integrity.repair.errors import Refused
from tests.accounts.elsewhere.listing_story import (
    CONTACTS,
    approved_by_who_planned_it,
    counts,
    mend,
    obstacles,
    read,
    result,
    seen,
)
from tests.accounts.elsewhere.resend_story import ADA, EVE, sync, there, verified
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendors(vendors, settings):
    settings.SUPABASE_URL = settings.SUPABASE_SERVICE_KEY = ""
    return vendors


@pytest.fixture
def ada(vendors):
    ada = verified(ADA, "Ada")
    sync(ada)
    return ada


def id_of(user):
    return Contact.objects.get(user=user).contact_id


def made(email):
    """By somebody else, at Resend."""
    return contacts().put(email=email, first_name="", last_name="", unsubscribed=False)


def rename(id):
    there = contacts().find(id)
    contacts().set(replace(there, email=EVE, first_name="Eve"))


class TestBothWays:
    def test_where_all_are_as_here_everything_holds(self, ada):
        CoupleFactory(email=EVE)
        made(EVE)
        read(CONTACTS, 2)

        assert not Difference.objects.exists()
        for name in (DELETED_CONTACTS, NOBODYS_CONTACTS, UNLIKE_CONTACTS):
            assert counts(name) == ("holds", 0, 0)

    def test_who_is_otherwise_there_is_found_and_told_anew(self, ada):
        rename(id_of(ada))
        read(CONTACTS, 2)
        assert counts(UNLIKE_CONTACTS) == ("broken", 1, 0)

        assert mend(UNLIKE_CONTACTS) == ["otherwise"]
        deliver_due()

        assert (there(ADA), there(EVE)) == (("Ada", False), None)
        assert not Difference.objects.exists()

    def test_who_was_removed_there_is_found_and_made_anew(self, ada):
        contacts().remove(id_of(ada))
        read(CONTACTS, 2)
        assert "were removed at Resend" in obstacles(UNLIKE_CONTACTS)[0]

        assert mend(UNLIKE_CONTACTS) == ["missing"]
        deliver_due()

        assert there(ADA) == ("Ada", False)
        assert counts(UNLIKE_CONTACTS) == ("holds", 0, 0)

    def test_who_unsubscribed_there_is_unsubscribed_here(self, ada):
        contacts().set_unsubscribed(id_of(ada), unsubscribed=True)
        read(CONTACTS, 2)

        assert mend(UNLIKE_CONTACTS) == ["muted"]
        deliver_due()

        assert not wants_news(ada)
        assert there(ADA) == ("Ada", True)

    def test_who_wants_no_news_is_muted_there(self, ada):
        Contact.objects.update(unsubscribed=True, muted_by_us=True)
        sync(ada)
        contacts().set_unsubscribed(id_of(ada), unsubscribed=False)
        read(CONTACTS, 2)

        assert mend(UNLIKE_CONTACTS) == ["heard"]
        deliver_due()

        assert there(ADA) == ("Ada", True)

    def test_who_was_deleted_here_is_found_and_removed_there(self, ada):
        again = made(EVE)
        tombstone = Tombstone.objects.create(
            uid="5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11", vendor_ids=[digest(again)]
        )
        read(CONTACTS, 2)
        assert counts(DELETED_CONTACTS) == ("broken", 1, 0)
        assert str(Difference.objects.get().user_uid) == tombstone.uid

        with pytest.raises(Refused, match="Somebody else"):
            approved_by_who_planned_it(DELETED_CONTACTS)
        assert mend(DELETED_CONTACTS) == ["deleted"]
        deliver_due()

        assert (there(EVE), there(ADA)) == (None, ("Ada", False))
        assert counts(DELETED_CONTACTS) == ("holds", 0, 0)

    def test_who_is_nobody_s_is_said_and_nobody_is_alarmed(self, ada):
        made(EVE)
        read(CONTACTS, 2)

        found = result(NOBODYS_CONTACTS)
        assert (found.count, found.severity.name) == (1, "INFO")

    def test_whose_deletion_is_under_way_is_suspected(self, ada):
        contacts().set_unsubscribed(id_of(ada), unsubscribed=True)
        read(CONTACTS, 2)
        leave(user=ada, wish=Wish(), by=acting(ada))

        assert mend(UNLIKE_CONTACTS) == []
        assert result(UNLIKE_CONTACTS).count == 0


class TestHalfWay:
    @pytest.fixture
    def crowd(self, vendors, monkeypatch):
        for module in (client, listing_people):
            monkeypatch.setattr(module, "PAGE", 2)
        everybody = [verified(f"guest{number}@example.com") for number in range(5)]
        for each in everybody:
            sync(each)
        return everybody

    @pytest.fixture
    def fails_after_a_page(self, vendors, monkeypatch):
        note = listing.note_listed

        def script(fault):
            def and_then(**page):
                note(**page)
                monkeypatch.setattr(listing, "note_listed", note)
                vendors.resend.faults.add(fault)

            monkeypatch.setattr(listing, "note_listed", and_then)

        return script

    def test_it_goes_on_after_the_last_contact_that_was_noted(
        self, crowd, vendors, fails_after_a_page
    ):
        contacts().remove(id_of(crowd[-1]))
        fails_after_a_page(Fault("status", method="GET", status=500))
        with pytest.raises(VendorError):
            read(CONTACTS)
        half = Listing.objects.get()
        assert (half.after, half.read) == (id_of(crowd[1]), 2)
        assert result(UNLIKE_CONTACTS).result == "unknown"

        calls = len(vendors.resend.calls)
        read(CONTACTS)

        assert len(vendors.resend.calls) - calls == 1
        assert (Listing.objects.get().read, seen()) == (4, {("missing", str(crowd[-1].uid))})

    def test_where_the_last_one_is_refused_it_begins_at_the_front(self, crowd, vendors):
        """It may be gone there by now."""
        begun = Listing.objects.create(of="contacts", after="gone")
        vendors.resend.faults.add(Fault("status", method="GET", status=422))
        with pytest.raises(VendorError):
            read(CONTACTS)
        read(CONTACTS)

        begun.refresh_from_db()
        assert (begun.read, bool(begun.finished_at), seen()) == (5, True, set())

    def test_a_pause_that_is_asked_for_stops_it_and_loses_nothing(self, crowd, fails_after_a_page):
        headers = {"Retry-After": "60"}
        fails_after_a_page(Fault("status", method="GET", status=429, headers=headers))
        with pytest.raises(VendorError):
            read(CONTACTS)
        read(CONTACTS)

        assert Listing.objects.get().read == 5


def test_without_a_key_nothing_is_asked_and_that_is_said():
    found = result(UNLIKE_CONTACTS)

    assert (found.result, "not configured" in found.reason) == ("holds", True)
