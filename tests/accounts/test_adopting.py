"""Whoever the identity provider knows gets an account here, once; what doesn't fit is said."""

import json
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from accounts import adopting
from accounts.actors import VISITOR
from accounts.clients import identity as client
from accounts.clients.identity import identities
from accounts.elsewhere import pages
from accounts.models import Address, Difference, Identity, IdentityReading, Tombstone, User
from accounts.passwords import request_password_reset
from accounts.simulators.faults import Fault
from integrity.evaluate import evaluate
from integrity.models import AuditEntry, OutboxMessage
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.accounts.elsewhere.supabase_story import deliver, signed_up
from tests.database import rival
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADA, EVE = "ada@example.com", "eve@example.com"


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Pages of three; the pauses are counted instead of made."""
    made = []
    monkeypatch.setattr(client, "PAGE", 3)
    monkeypatch.setattr(pages, "PAGE", 3)
    monkeypatch.setattr(pages.time, "sleep", made.append)
    return made


@pytest.fixture
def vendors(vendors, settings):
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    # The stand-ins are asked in the clear, which a command refuses otherwise.
    settings.DEBUG = True
    return vendors


def there(email, *, uid=None, is_verified=True):
    uid = uid or uuid4()
    identities().create(uid, email=email, is_verified=is_verified)
    return uid


def crowd(count):
    return {there(f"guest{number}@example.com") for number in range(count)}


def run(manage, *arguments):
    ended = manage("adopt_identities", "--format", "json", *arguments)
    rows = json.loads(ended.out) if ended.out else []
    return ended, {(UUID(row["identity"]), row["result"]) for row in rows}


class TestAdopted:
    def test_is_a_whole_account_of_the_same_id_without_a_password_or_a_mail(self, vendors, manage):
        proven, other = there(ADA), there(EVE, is_verified=False)

        ended, rows = run(manage, "--reason", "moving in")

        assert (ended.code, rows) == (0, {(proven, "adopted"), (other, "adopted")})
        assert dict(Address.objects.values_list("email", "verified")) == {ADA: True, EVE: False}
        ada = User.objects.get(uid=proven)
        assert (ada.email, ada.has_usable_password(), ada.profile.step) == (ADA, False, 0)
        assert ada.profile.email_verified
        assert ada.membership.wedding.stats
        assert not OutboxMessage.objects.exists()
        assert {entry.reason for entry in AuditEntry.objects.all()} == {"moving in"}
        assert_every_invariant_holds()

    def test_whoever_is_banned_there_gets_in_neither_there_nor_here(self, vendors, manage):
        banned = there(ADA)
        identities().ban(banned)

        ended, rows = run(manage)
        request_password_reset(email=ADA, by=VISITOR)
        for _ in range(2):
            manage("people", "compare", "identities")

        assert (ended.code, rows) == (0, {(banned, "adopted_off")})
        assert not User.objects.get(uid=banned).is_active
        assert [mail.kind for mail in mailbox.promised()] == ["account_exists"]
        assert not Difference.objects.exists()
        assert_every_invariant_holds()

    def test_once_however_often_it_is_called(self, vendors, manage):
        everybody = crowd(7)
        run(manage)
        ended, rows = run(manage)

        assert (ended.code, rows) == (0, set())
        assert set(User.objects.values_list("uid", flat=True)) == everybody
        assert "7 known" in ended.err

    def test_not_at_all_in_a_dry_run(self, vendors, manage):
        everybody = crowd(4)
        ended, rows = run(manage, "--dry-run")

        assert (ended.code, rows) == (1, {(uid, "to_adopt") for uid in everybody})
        assert not User.objects.exists()
        assert not IdentityReading.objects.exists()

    def test_after_a_pause_before_each_page_and_a_longer_one_if_asked_for(
        self, vendors, manage, pauses
    ):
        crowd(4)
        vendors.supabase.faults.add(
            Fault("status", method="GET", status=429, headers={"Retry-After": "7"})
        )
        ended, _ = run(manage)

        assert ended.code == 0
        assert pauses == [pages.PAUSE, 7.0, pages.PAUSE, pages.PAUSE]


class TestStopped:
    def test_half_way_proves_nothing_and_goes_on_from_there(self, vendors, manage, monkeypatch):
        everybody = crowd(8)
        absent = CoupleFactory(email=ADA)
        note = adopting.note_page

        def and_then_it_fails(*, number, **more):
            note(number=number, **more)
            if number == 2:
                vendors.supabase.faults.add(Fault("status", method="GET", status=500))

        monkeypatch.setattr(adopting, "note_page", and_then_it_fails)

        first, _ = run(manage)
        reading = IdentityReading.objects.get()
        monkeypatch.setattr(adopting, "note_page", note)
        calls = len(vendors.supabase.calls)
        second, rows = run(manage)

        assert first.code == 3
        assert "Not all were read" in first.err
        assert (reading.page, reading.finished_at) == (3, None)
        assert (second.code, rows >= {(absent.uid, "not_there")}) == (1, True)
        # The page before, the one that failed, and a question for whoever is missing.
        assert len(vendors.supabase.calls) - calls == 3
        assert set(User.objects.values_list("uid", flat=True)) == everybody | {absent.uid}
        assert IdentityReading.objects.get().finished_at

    def test_by_a_rival_that_went_on(self, vendors, manage, monkeypatch):
        crowd(2)
        judged = adopting._judged

        def and_a_rival(*arguments):
            with rival() as other:
                other.execute("UPDATE accounts_identityreading SET page = 9")
                other.commit()
            return judged(*arguments)

        monkeypatch.setattr(adopting, "_judged", and_a_rival)
        ended, _ = run(manage)

        assert ended.code == 3
        assert "Another reading" in ended.err

    def test_without_a_provider_it_is_refused(self, manage, settings):
        settings.SUPABASE_URL = settings.SUPABASE_SERVICE_KEY = ""

        assert manage("adopt_identities").code == 4


class TestWhatDoesNotFit:
    def test_is_said_of_either_side_and_nothing_of_it_is_touched(self, vendors, manage):
        known, absent = signed_up(ADA), signed_up("absent@example.com")
        deliver()
        moved = signed_up(EVE)
        deliver()
        identities().set_email(moved.uid, email="elsewhere@example.com", is_verified=True)
        identities().remove(absent.uid)
        taken = there("taken@example.com")
        CoupleFactory(email="taken@example.com", uid=(local := uuid4()))
        deleted = there("deleted@example.com")
        Tombstone.objects.create(uid=deleted)
        phone = there("Ada@an-e-mail")
        there("operator@example.com", uid=OperatorFactory(email="operator@example.com").uid)
        before = len(vendors.supabase.ledger)

        dry, said = run(manage, "--dry-run")
        ended, rows = run(manage)

        assert (dry.code, ended.code) == (1, 1)
        assert said == rows
        assert rows == {
            (moved.uid, "otherwise"),
            (absent.uid, "not_there"),
            (local, "not_there"),
            (taken, "address_taken"),
            (deleted, "deleted_here"),
            (phone, "no_address"),
        }
        assert len(vendors.supabase.ledger) == before
        assert known.uid not in {uid for uid, _ in rows}

    def test_becomes_findings_whose_repair_tells_the_provider(self, vendors, manage):
        absent, moved = signed_up(ADA), signed_up(EVE)
        deliver()
        identities().remove(absent.uid)
        identities().set_email(moved.uid, email="elsewhere@example.com", is_verified=True)
        run(manage)

        (result,) = evaluate(["accounts.every_couple_has_an_identity"]).results
        assert result.keys == [str(absent.pk), str(moved.pk)]

    def test_whoever_moves_while_the_page_is_on_its_way_is_looked_at_again(
        self, vendors, manage, monkeypatch
    ):
        signed_up(ADA)
        deliver()
        read = client.Identities.page

        def as_it_was(self, number):
            return [replace(each, email=EVE) for each in read(self, number)]

        monkeypatch.setattr(client.Identities, "page", as_it_was)
        ended, rows = run(manage)

        assert (ended.code, rows) == (0, set())
        assert_every_invariant_holds()

    def test_what_is_there_as_it_is_here_counts_as_told(self, vendors, manage):
        """As where somebody imported all of it at the provider."""
        user = CoupleFactory(email=ADA, address__verified=True)
        there(ADA, uid=user.uid)
        run(manage)

        assert Identity.objects.get(user=user).told
        assert_every_invariant_holds()
