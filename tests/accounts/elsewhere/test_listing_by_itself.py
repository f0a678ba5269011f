"""The lists are read once a day by themselves, once more where something is new, and on demand."""

import signal

import pytest

from accounts import tasks
from accounts.clients.identity import identities
from accounts.elsewhere import pages
from accounts.invariants.listing import UNLIKE_IDENTITIES
from accounts.models import Difference, Listing
from accounts.simulators.faults import Fault
from integrity import cli
from tests.accounts.elsewhere.listing_story import IDENTITIES, read
from tests.accounts.elsewhere.supabase_story import deliver, signed_up
from tests.commands import manage as manage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendors(vendors, settings, monkeypatch):
    """The stand-ins are not reached by https, which only a developer may."""
    monkeypatch.setattr(pages, "PAUSE", 0)
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    settings.DEBUG = True
    return vendors


@pytest.fixture
def banned(vendors):
    ada = signed_up("ada@example.com")
    deliver()
    identities().ban(ada.uid)
    return ada


def an_hour_passes():
    Listing.objects.update(finished_at="2020-01-01T00:00Z")


class TestByItself:
    def test_once_a_day(self, vendors):
        tasks.compare_identities()
        tasks.compare_identities()

        assert Listing.objects.count() == 1

    def test_once_more_where_something_was_seen_only_once(self, banned):
        for _ in range(3):
            tasks.compare_identities()
        assert Difference.objects.get().readings == 1, "not at once"
        an_hour_passes()
        for _ in range(3):
            tasks.compare_identities()

        assert Difference.objects.get().readings == 2

    def test_an_outage_is_left_to_the_next_call(self, vendors):
        vendors.supabase.faults.add(Fault("status", method="GET"))
        tasks.compare_identities()
        assert Listing.objects.get().finished_at is None
        tasks.compare_identities()

        assert Listing.objects.get().finished_at

    def test_what_was_read_of_a_vendor_that_is_configured_no_more_is_forgotten(
        self, banned, settings
    ):
        read(IDENTITIES, 2)
        settings.SUPABASE_URL = ""
        tasks.compare_identities()
        tasks.compare_contacts()

        assert not Difference.objects.exists()
        assert Listing.objects.count() == 2


class TestTheCommand:
    def test_says_what_differs_and_how_to_set_it_right(self, banned, manage):
        first = manage("people", "compare")
        assert (first.code, "1 suspected, look again later" in first.err) == (cli.HOLDS, True)
        assert "Resend for contacts is not configured" in first.err
        read(IDENTITIES)

        told = manage("people", "compare", "identities")
        assert told.code == cli.FOUND
        assert f"manage.py integrity plan {UNLIKE_IDENTITIES}" in told.err

    def test_an_outage_is_unknown(self, vendors, manage):
        vendors.supabase.faults.add(Fault("status", method="GET"))

        told = manage("people", "compare")
        assert (told.code, "call this again to go on" in told.err) == (cli.UNKNOWN, True)

    def test_a_proxy_s_page_is_unknown(self, vendors, manage):
        vendors.supabase.faults.add(Fault("garbage", method="GET"))

        told = manage("people", "compare", "identities")
        assert (told.code, "call this again to go on" in told.err) == (cli.UNKNOWN, True)
        assert "not read to its end" in told.out

    def test_stopped_by_hand_it_goes_on(self, vendors, manage, monkeypatch):
        def stopped(number):
            signal.raise_signal(signal.SIGTERM)

        with monkeypatch.context() as patched:
            patched.setattr(pages, "patiently", stopped)
            told = manage("people", "compare", "identities")
        assert (told.code, told.out) == (cli.INTERRUPTED, "")
        assert "What was read is kept; call this again to go on" in told.err

        assert manage("people", "compare", "identities").code == cli.HOLDS
        assert Listing.objects.get().finished_at

    def test_what_one_list_shows_is_told_though_the_other_was_not_read(
        self, banned, vendors, manage, settings
    ):
        read(IDENTITIES)
        settings.RESEND_CONTACTS_KEY = "wrong"

        told = manage("people", "compare")
        assert (told.code, f"plan {UNLIKE_IDENTITIES}" in told.err) == (cli.FOUND, True)
        assert "Resend for contacts: " in told.err

    def test_a_list_that_shrank_is_unknown(self, vendors, manage):
        read(IDENTITIES)
        Listing.objects.update(read=100)

        told = manage("people", "compare", "identities")
        assert (told.code, told.err.count("shrank from 100 to 0")) == (cli.UNKNOWN, 1)

    def test_a_key_that_is_refused_is_not_told_to_try_again(self, vendors, manage, settings):
        settings.SUPABASE_SERVICE_KEY = "wrong"

        told = manage("people", "compare")
        assert (told.code, "are its settings right" in told.err) == (cli.UNKNOWN, True)

    def test_without_a_vendor_it_is_refused(self, manage):
        told = manage("people", "compare")

        assert (told.code, "nothing is compared" in told.err) == (cli.REFUSED, True)
