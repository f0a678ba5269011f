"""The provider's identities are held against ours, both ways; what differs twice is found and set right."""

from uuid import uuid4

import pytest

from accounts import adopting
from accounts.actors import acting
from accounts.clients import identity as client
from accounts.clients.identity import identities
from accounts.clients.outcomes import VendorError
from accounts.elsewhere import pages
from accounts.elsewhere.listing import Superseded, note_listed, read_list
from accounts.invariants.listing import (
    DELETED_IDENTITIES,
    NOBODYS_IDENTITIES,
    UNLIKE_IDENTITIES,
)
from accounts.leaving.deletion import Wish, leave
from accounts.models import Difference, Listing, Tombstone, User
from accounts.simulators.faults import Fault
from integrity.repair.errors import Refused
from tests.accounts.elsewhere.listing_story import (
    BY,
    IDENTITIES,
    approved_by_who_planned_it,
    counts,
    mend,
    obstacles,
    read,
    result,
    seen,
)
from tests.accounts.elsewhere.supabase_story import deliver, promise, signed_up, there
from tests.factories import OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADA, EVE = "ada@example.com", "eve@example.com"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(client, "PAGE", 3)
    monkeypatch.setattr(pages, "PAGE", 3)
    monkeypatch.setattr(pages, "PAUSE", 0)


@pytest.fixture
def vendors(vendors, settings):
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    return vendors


@pytest.fixture
def ada(vendors):
    ada = signed_up(ADA)
    deliver()
    return ada


def stranger(email=EVE):
    identities().create(uid := uuid4(), email=email, is_verified=True)
    return uid


class TestBothWays:
    def test_where_all_are_as_here_everything_holds(self, ada):
        OperatorFactory()
        read(IDENTITIES, 2)

        assert not Difference.objects.exists()
        for name in (DELETED_IDENTITIES, NOBODYS_IDENTITIES, UNLIKE_IDENTITIES):
            assert counts(name) == ("holds", 0, 0)

    @pytest.mark.parametrize(
        ("what", "change"),
        [
            ("missing", lambda uid: identities().remove(uid)),
            ("otherwise", lambda uid: identities().set_email(uid, email=EVE, is_verified=True)),
            ("banned", lambda uid: identities().ban(uid)),
            ("free", lambda uid: User.objects.filter(uid=uid).update(is_active=False)),
        ],
    )
    def test_who_is_otherwise_there_is_found_and_set_right(self, ada, what, change):
        change(ada.uid)
        read(IDENTITIES, 2)
        assert seen() == {(what, str(ada.uid))}
        assert counts(UNLIKE_IDENTITIES) == ("broken", 1, 0)

        assert mend(UNLIKE_IDENTITIES) == [what]
        assert counts(UNLIKE_IDENTITIES) == ("holds", 0, 0), "while the promise waits"
        deliver()

        found = identities().find(ada.uid)
        assert (found.email, found.is_banned) == (ADA, what == "free")
        assert counts(UNLIKE_IDENTITIES) == ("holds", 0, 0)
        read(IDENTITIES)
        assert seen() == set()

    def test_who_is_nobody_s_is_found_and_left_for_a_person_to_decide(self, ada):
        uid = stranger()
        read(IDENTITIES, 2)

        assert counts(NOBODYS_IDENTITIES) == ("broken", 1, 0)
        list(adopting.adopt_identities(by=BY))
        assert counts(NOBODYS_IDENTITIES) == ("holds", 0, 0)
        assert User.objects.filter(uid=uid).exists()

    def test_who_was_deleted_here_is_found_and_removed_there(self, ada):
        Tombstone.objects.create(uid=(uid := stranger()))
        read(IDENTITIES, 2)
        assert counts(DELETED_IDENTITIES) == ("broken", 1, 0)

        with pytest.raises(Refused, match="Somebody else"):
            approved_by_who_planned_it(DELETED_IDENTITIES)
        assert mend(DELETED_IDENTITIES) == ["deleted"]
        deliver()

        assert identities().find(uid) is None
        assert there(ada) == (ADA, False)
        assert counts(DELETED_IDENTITIES) == ("holds", 0, 0)

    def test_nobody_is_removed_there_of_whom_no_tombstone_tells(self, ada):
        """Whatever was noted, and whoever has noted it."""
        stone = Tombstone.objects.create(uid=(uid := stranger()))
        read(IDENTITIES, 2)
        stone.delete()

        assert counts(DELETED_IDENTITIES) == ("holds", 0, 0)
        assert mend(DELETED_IDENTITIES) == []
        deliver()
        assert identities().find(uid)

    def test_whom_nobody_has_told_the_provider_of_is_for_another_invariant(self, ada):
        signed_up(EVE)
        read(IDENTITIES, 2)

        assert seen() == set()

    def test_the_preview_says_who_will_be_freed(self, ada):
        assert obstacles(UNLIKE_IDENTITIES) == []
        identities().ban(ada.uid)
        read(IDENTITIES, 2)

        assert "banned at the provider and may log in here" in obstacles(UNLIKE_IDENTITIES)[0]


class TestOneLookIsNone:
    def test_what_was_seen_once_is_suspected_and_not_repaired(self, ada):
        identities().remove(ada.uid)
        read(IDENTITIES)

        assert counts(UNLIKE_IDENTITIES) == ("holds", 0, 1)
        assert mend(UNLIKE_IDENTITIES) == []

    def test_what_the_second_look_does_not_see_is_forgotten(self, ada):
        identities().ban(ada.uid)
        read(IDENTITIES)
        identities().free(ada.uid)
        read(IDENTITIES)
        identities().ban(ada.uid)
        read(IDENTITIES)

        assert Difference.objects.get().readings == 1

    def test_what_was_first_seen_a_moment_ago_is_suspected(self, ada):
        identities().ban(ada.uid)
        read(IDENTITIES, 2)
        Difference.objects.all().delete()
        for _ in range(2):
            read_list(IDENTITIES, by=BY)

        assert counts(UNLIKE_IDENTITIES) == ("holds", 0, 1)

    def test_whose_deletion_is_under_way_is_suspected(self, ada):
        """Banned and sealed, and not yet removed there: the saga sees to it."""
        identities().ban(ada.uid)
        read(IDENTITIES, 2)
        leave(user=ada, wish=Wish(), by=acting(ada))

        assert counts(UNLIKE_IDENTITIES) == ("holds", 0, 1)
        assert mend(UNLIKE_IDENTITIES) == []

    def test_of_whom_a_promise_waits_nothing_is_said_before_it_is_kept(self, ada):
        identities().ban(ada.uid)
        read(IDENTITIES, 2)
        promise(ada)

        assert counts(UNLIKE_IDENTITIES) == ("holds", 0, 0)
        deliver()
        assert counts(UNLIKE_IDENTITIES) == ("broken", 1, 0)


class TestHalfWay:
    def crowd(self):
        return [signed_up(f"guest{number}@example.com") for number in range(7)]

    def test_it_proves_nothing_and_goes_on_where_it_stopped(self, vendors, monkeypatch):
        everybody = self.crowd()
        deliver()
        identities().remove(everybody[0].uid)
        real = client.Identities.page

        def killed_at_the_third(self, number):
            if number == 3:
                raise KeyboardInterrupt
            return real(self, number)

        monkeypatch.setattr(client.Identities, "page", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            read(IDENTITIES)
        half = Listing.objects.get()
        assert (half.after, half.finished_at) == ("3", None)
        assert result(UNLIKE_IDENTITIES).result == "unknown"

        monkeypatch.setattr(client.Identities, "page", real)
        calls = len(vendors.supabase.calls)
        read(IDENTITIES)

        # The page before, and the one that was not read.
        assert len(vendors.supabase.calls) - calls == 2
        assert Listing.objects.get().finished_at
        assert Listing.objects.get().read == 6, "what was read twice counts once"
        assert seen() == {("missing", str(everybody[0].uid))}

    def test_a_refusal_proves_nothing_and_says_so(self, ada, vendors):
        read(IDENTITIES, 2)
        vendors.supabase.faults.add(Fault("status", method="GET", status=401))
        with pytest.raises(VendorError):
            read(IDENTITIES)

        found = result(DELETED_IDENTITIES)
        assert (found.result, "not finished" in found.reason) == ("unknown", True)

    def test_killed_between_those_who_are_missing(self, vendors, monkeypatch):
        everybody = self.crowd()
        deliver()
        for each in everybody:
            identities().remove(each.uid)
        monkeypatch.setattr("accounts.elsewhere.listing.BATCH", 3)
        listing = Listing.objects.create(
            of="identities", phase="missing", after=str(everybody[2].pk)
        )

        read(IDENTITIES)

        assert Listing.objects.get() == listing
        assert {what for what, _ in seen()} == {"missing"}
        assert len(seen()) == 4

    def test_a_rival_that_went_on_has_noted_the_page(self, ada):
        mine = Listing.objects.create(of="identities")
        note_listed(side=IDENTITIES, listing=mine, listed=[], after="2", by=BY)

        with pytest.raises(Superseded):
            note_listed(side=IDENTITIES, listing=mine, listed=[], after="2", by=BY)

    def test_who_is_listed_twice_on_a_page_is_noted_once(self, vendors):
        there = client.Identity(uuid4(), EVE, banned_until=None)
        listing = Listing.objects.create(of="identities")
        note_listed(side=IDENTITIES, listing=listing, listed=[there, there], after="2", by=BY)

        assert Difference.objects.get().what == "nobodys"

    def test_a_list_that_shrank_is_not_believed_at_once(self, ada):
        identities().ban(ada.uid)
        read(IDENTITIES, 2)
        Listing.objects.filter(pk=Listing.objects.earliest("pk").pk).update(read=100)

        assert "shrank from 100 to 1" in result(UNLIKE_IDENTITIES).reason
        read(IDENTITIES)
        assert result(UNLIKE_IDENTITIES).result == "broken"

    def test_a_list_that_nobody_has_read_for_a_day_proves_nothing(self, ada):
        assert result(UNLIKE_IDENTITIES).result == "unknown"
        read(IDENTITIES, 2)
        Listing.objects.update(finished_at="2020-01-01T00:00Z")

        assert result(UNLIKE_IDENTITIES).result == "unknown"


def test_without_a_provider_nothing_is_asked_and_that_is_said():
    found = result(UNLIKE_IDENTITIES)

    assert (found.result, found.reason) == (
        "holds",
        "The identity provider is not configured, so nothing is compared",
    )
