"""What a person is handed, and what a deletion takes that no foreign key leads to."""

import json
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.transaction import atomic

from accounts.invitations import invite
from accounts.mail import enqueue_mail
from accounts.models import Customer, Invitation, MissedEvent, Profile
from integrity.audit import SYSTEM, Actor
from integrity.models import OutboxMessage, PlannedChange
from integrity.privacy import erase_traces, export_of, residue_of, residue_under_seal
from integrity.privacy.document import as_markdown
from integrity.repair.plan import plan_repair
from integrity.sealed import seal
from tests.factories import PASSWORD, CoupleFactory, OnboardedCoupleFactory
from tests.rounds import rounds_until

pytestmark = pytest.mark.django_db(transaction=True)
ADA, EVE = "ada.lovelace@example.com", "eve.online@example.com"


@pytest.fixture
def ada():
    return OnboardedCoupleFactory(
        email=ADA,
        profile__name="Augusta Ada",
        profile__partner_name="William King",
        wedding__place="Ockham Park",
    )


def traces(person):
    """Calls it as a deletion does, each bit in a transaction of its own."""
    bits = []
    for _ in rounds_until(lambda: bits and not bits[-1], "the last trace gone"):
        with atomic():
            bits.append(erase_traces(person, limit=1))
    return sum(bits)


class TestExport:
    def test_has_all_of_it_in_plain_structures_and_nothing_of_others(self, ada):
        eve = OnboardedCoupleFactory(email=EVE, profile__name="Evelyn", wedding__place="Elsewhere")

        parts = {part.name: part for part in export_of(ada)}

        (profile,) = parts["accounts_profile"].rows
        (wedding,) = parts["accounts_wedding"].rows
        assert (profile["name"], profile["partner_name"]) == ("Augusta Ada", "William King")
        assert (wedding["place"], parts["accounts_wedding"].title) == (
            "Ockham Park",
            "Your wedding",
        )
        assert parts["account_emailaddress"].rows[0]["email"] == ADA
        assert {row["category"] for row in parts["onboarding_interest"].rows}
        assert parts["onboarding_task"].rows
        assert not parts["accounts_payment"].rows
        written = json.dumps([part.rows for part in export_of(ada)])
        for word in (EVE, "Evelyn", "Elsewhere", str(eve.uid), "md5$"):
            assert word not in written

    def test_says_under_which_words_each_part_comes(self, ada):
        assert all(part.title for part in export_of(ada))

    def test_leaves_no_secret_in_it(self, ada):
        ada.set_password(PASSWORD)
        ada.save(update_fields=["password"])

        assert ada.password not in json.dumps([part.rows for part in export_of(ada)])


class TestTraces:
    def test_sessions_of_theirs_end_and_others_go_on(self, ada):
        other = CoupleFactory(email=EVE)
        for known in (
            {"_auth_user_id": str(ada.pk)},
            {"account_login": {"email": ADA}},
            {"_auth_user_id": str(other.pk)},
        ):
            store = SessionStore()
            store.update(known)
            store.save()

        assert traces(ada) == 2
        assert Session.objects.get().get_decoded()["_auth_user_id"] == str(other.pk)

    def test_mails_to_them_go_whoever_they_are_about(self, ada):
        with atomic():
            for to in (ADA, EVE):
                enqueue_mail("no_account", to=to, key=to, context={"signup_link": "/"})
        assert residue_under_seal([ADA])

        assert traces(ada) == 1

        assert not residue_under_seal([ADA])
        assert OutboxMessage.objects.get().key == EVE

    def test_an_invitation_that_waits_for_them_is_taken_back(self, ada):
        eve = CoupleFactory(email=EVE, address__verified=True)
        for email in (ADA, "third@example.com"):
            invite(user=eve, email=email, by=SYSTEM)
        OutboxMessage.objects.all().delete()

        assert traces(ada) == 1

        waiting = Invitation.objects.filter(state="waiting").values_list("email", flat=True)
        assert list(waiting) == ["third@example.com"]
        assert "accounts_invitation" not in [each.table for each in residue_of([ADA])]

    def test_missed_events_that_name_them_as_the_customer_go(self, ada):
        Customer.objects.create(stripe_id="cus_ada", user=ada)
        for name, customer in (("evt_1", "cus_ada"), ("evt_2", "cus_eve")):
            body = json.dumps({"customer": customer, "email": f"{customer}@example.com"})
            MissedEvent.objects.create(stripe_id=name, type="x", sealed=seal({"body": body}))

        assert traces(ada) == 1
        assert MissedEvent.objects.get().pk == "evt_2"

    def test_what_a_repair_keeps_of_their_rows_goes(self, ada):
        OnboardedCoupleFactory(email=EVE)
        Profile.objects.update(email_verified=False)
        plan_repair(repair="accounts.copy_verified", by=Actor("command", "test", via="cli"))
        assert PlannedChange.objects.count() == 2

        assert traces(ada) == 1

        kept = [each.table for each in residue_of([ADA])]
        assert "integrity_plannedchange" not in kept
        assert PlannedChange.objects.count() == 1


def test_the_page_is_as_the_declarations_are():
    page = Path(__file__).resolve().parents[2] / "docs/personal-data.md"
    assert page.read_text() == as_markdown(), (
        "run: manage.py personal_data document > docs/personal-data.md"
    )


def test_words_are_searched_for_by_stdin_and_never_shown(ada, manage, monkeypatch):
    monkeypatch.setattr("sys.stdin", iter([f"{ADA}\n"]))
    found = manage("personal_data", "search")
    monkeypatch.setattr("sys.stdin", iter(["nobody.at.all@example.com"]))
    nothing = manage("personal_data", "search", "--format", "json")
    monkeypatch.setattr("sys.stdin", iter(["Ada"]))
    short = manage("personal_data", "search")

    assert (found.code, nothing.code, short.code) == (1, 0, 2)
    assert "accounts_user" in found.out
    assert ADA not in found.out + found.err
    assert json.loads(nothing.out) == []


def test_a_reason_names_no_address():
    assert Actor("operator", "1", f"asked by {ADA}, twice").reason == "asked by [address], twice"
    assert SYSTEM.reason == ""
