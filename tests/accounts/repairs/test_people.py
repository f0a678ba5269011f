"""Broken accounts: planned, approved, mended, checked and, where the database lets it, undone."""

from contextlib import contextmanager

import pytest
from django.utils import timezone

from accounts.models import Address, Contact, Member, Profile, Wedding, WeddingStats
from integrity.audit import Actor
from integrity.models import AuditEntry, OutboxMessage, PlannedChange, RepairPlan
from integrity.relay import deliver_due
from integrity.repair.apply import apply, undo
from integrity.repair.approve import approve
from integrity.repair.errors import Refused
from integrity.repair.plan import NothingToRepair, plan_repair
from integrity.testing import assert_every_invariant_holds
from tests.database import execute
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory
from tests.vendors import without_identities

pytestmark = pytest.mark.django_db(transaction=True)
vendors = without_identities
ADA = Actor("operator", "ada", "incident 12", via="admin")
EVE = Actor("operator", "eve", "checked", via="admin")


@contextmanager
def unguarded(*tables):
    for table in tables:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def planned(repair, **options):
    plan = plan_repair(repair=repair, by=ADA, **options)
    return approve(plan=plan.uid, hash=plan.hash, by=EVE)


def mended(repair):
    return apply(plan=planned(repair).uid, by=ADA)


@pytest.fixture
def ghosts():
    couples = CoupleFactory.create_batch(15, address__verified=True)
    execute("UPDATE accounts_user SET date_joined = '2020-02-02 02:02:02.123456+00'")
    with unguarded("accounts_profile"):
        Profile.objects.filter(user__in=couples).delete()
    return couples


class TestGhosts:
    def test_get_a_profile_with_what_is_known_of_them(self, ghosts):
        OnboardedCoupleFactory()

        plan = mended("accounts.backfill_profiles")

        assert (plan.state, plan.applied, plan.verdict) == ("applied", 15, "holds")
        profile = ghosts[3].profile
        assert profile.email == ghosts[3].email
        assert profile.email_verified
        assert profile.date_joined.isoformat() == "2020-02-02T02:02:02.123456+00:00"
        assert_every_invariant_holds("accounts")

    def test_are_counted_and_audited_in_the_chunk_that_makes_them_whole(self, ghosts):
        plan = mended("accounts.backfill_profiles")

        chunks = AuditEntry.objects.filter(verb="integrity.repair_chunk_applied").order_by("pk")
        assert [each.detail["applied"] for each in chunks] == [1, 10, 4]
        assert {each.subject for each in chunks} == {f"integrity.repairplan:{plan.uid}"}
        assert [each.state for each in PlannedChange.objects.all()] == ["applied"] * 15

    def test_need_no_second_plan(self, ghosts):
        mended("accounts.backfill_profiles")

        with pytest.raises(Refused, match="No row"):
            plan_repair(repair="accounts.backfill_profiles", by=ADA)

    def test_can_not_be_made_again_and_the_plan_says_so(self, ghosts):
        plan = mended("accounts.backfill_profiles")

        assert plan.undo_refusal == "accounts_user_has_a_profile"
        with pytest.raises(Refused, match="accounts_user_has_a_profile"):
            undo(plan=plan.uid, by=ADA)
        assert Profile.objects.count() == 15
        assert RepairPlan.objects.get().state == "applied"

    def test_wait_while_the_trigger_is_off_unless_somebody_confirms_it(self, ghosts):
        plan = planned("accounts.backfill_profiles")
        (name,) = execute(
            "SELECT tgname FROM pg_trigger WHERE tgname LIKE '%%profile_follows_user%%'"
        )[0]
        execute(f"ALTER TABLE accounts_user DISABLE TRIGGER {name}")
        try:
            with pytest.raises(Refused, match="trigger is off"):
                apply(plan=plan.uid, by=ADA)
            assert not Profile.objects.exists()
            assert apply(plan=plan.uid, by=ADA, confirmed=["trigger is off"]).applied == 15
        finally:
            execute(f"ALTER TABLE accounts_user ENABLE TRIGGER {name}")


def test_couples_without_a_wedding_get_one_of_their_own():
    couple = CoupleFactory()
    with unguarded("accounts_member", "accounts_wedding"):
        Member.objects.all().delete()
        Wedding.objects.all().delete()

    plan = mended("accounts.give_couples_a_wedding")

    assert (plan.subjects, plan.changes, plan.applied) == (1, 3, 3)
    couple.refresh_from_db()
    assert couple.membership.wedding.stats.tasks_total == 0
    assert_every_invariant_holds("accounts")


def test_deserted_weddings_are_closed_and_opened_again():
    couple = CoupleFactory()
    empty = couple.membership.wedding
    with unguarded("accounts_member"):
        Member.objects.filter(user=couple).delete()

    plan = mended("accounts.close_deserted_weddings")

    empty.refresh_from_db()
    assert (plan.verdict, empty.status, empty.closed_at) == ("holds", "closed", plan.created_at)
    assert plan.undo_refusal == "accounts_open_wedding_has_a_member"


def test_weddings_that_were_closed_by_hand_are_opened_and_closed_again():
    wedding = CoupleFactory().membership.wedding
    execute("UPDATE accounts_wedding SET status = 'closed', closed_at = '2020-02-02T12:00Z'")

    plan = mended("accounts.open_planned_weddings")

    wedding.refresh_from_db()
    assert (plan.applied, plan.verdict) == (1, "holds")
    assert (wedding.status, wedding.closed_at) == ("open", None)
    assert undo(plan=plan.uid, by=ADA).undone == 1
    wedding.refresh_from_db()
    assert (wedding.status, wedding.closed_at.year) == ("closed", 2020)


def test_missing_stats_are_made():
    CoupleFactory()
    with unguarded("accounts_weddingstats"):
        WeddingStats.objects.all().delete()

    assert mended("accounts.backfill_stats").verdict == "holds"
    assert WeddingStats.objects.count() == 1


class TestDrift:
    def test_of_an_address_is_copied_from_the_user_and_undone_bit_by_bit(self):
        couple = OnboardedCoupleFactory(email="ada@example.com")
        OperatorFactory()
        Profile.objects.filter(user=couple).update(email="eve@example.com")
        before = execute("SELECT to_jsonb(p) FROM accounts_profile p ORDER BY 1")

        plan = mended("accounts.copy_emails")

        couple.profile.refresh_from_db()
        assert (plan.verdict, couple.profile.email) == ("holds", "ada@example.com")
        assert undo(plan=plan.uid, by=ADA).state == "undone"
        assert execute("SELECT to_jsonb(p) FROM accounts_profile p ORDER BY 1") == before

    def test_of_the_verified_flag_is_mended(self):
        couple = CoupleFactory()
        with unguarded("account_emailaddress"):
            Address.objects.filter(user=couple).update(verified=True)

        assert mended("accounts.copy_verified").verdict == "holds"
        assert Profile.objects.get(user=couple).email_verified


def test_a_profile_whose_user_is_gone_is_set_aside():
    kept, gone = CoupleFactory(), CoupleFactory()
    execute("SET session_replication_role = replica")
    execute("DELETE FROM accounts_user WHERE id = %s", gone.pk)
    execute("SET session_replication_role = origin")

    plan = mended("accounts.quarantine_profiles")

    assert (plan.needs_second_person, plan.verdict) == (True, "holds")
    assert list(Profile.objects.values_list("user", flat=True)) == [kept.pk]
    assert plan.undo_refusal.startswith("accounts_profile_user_id")


class TestContacts:
    def test_whoever_was_there_before_the_key_is_told_of_by_the_repair(self, vendors):
        known = [CoupleFactory(address__verified=True) for _ in range(2)]
        CoupleFactory()

        plan = mended("accounts.sync_contacts")

        assert (plan.applied, plan.verdict) == (2, "holds")
        assert OutboxMessage.objects.filter(effect="accounts.sync_contact").count() == len(known)
        deliver_due()
        assert Contact.objects.exclude(contact_id="").count() == len(known)
        assert_every_invariant_holds()

    def test_a_promise_that_was_given_up_is_retried_not_doubled(self, vendors):
        CoupleFactory(address__verified=True)
        mended("accounts.sync_contacts")
        dead = {"state": "dead", "begun": True, "dead_at": timezone.now()}
        OutboxMessage.objects.filter(effect="accounts.sync_contact").update(**dead)

        with pytest.raises(NothingToRepair):
            planned("accounts.sync_contacts")
