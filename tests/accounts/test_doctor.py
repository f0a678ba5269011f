"""Each examination of the accounts can fail, and trying a sign-up leaves no couple behind."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts import doctor
from accounts.models import Address, Event, Profile, Tombstone, User, Wedding
from integrity.examinations import chosen, examine
from integrity.models import AuditEntry, OutboxMessage, RepairPlan
from tests.accounts.billing.stripe_story import customer, event, metadata, story
from tests.accounts.billing.test_inbox import send
from tests.drill.twins import without_the_database_s_promises
from tests.factories import CoupleFactory, OperatorFactory

OTHERS = ("STRIPE_PRICE", "STRIPE_WEBHOOK_SECRETS", "RESEND_SEGMENT", "SUPABASE_URL")
pytestmark = pytest.mark.django_db(transaction=True)


def looked_at(name):
    (examined,) = examine(chosen([name]))
    return examined.outcome


class TestSignUp:
    def test_is_tried_and_taken_back_with_a_line_in_the_audit_log(self):
        assert looked_at("accounts.a_couple_can_sign_up").result == "ok"
        for model in (User, Profile, Address, Wedding, OutboxMessage):
            assert not model.objects.exists()
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.reason) == ("accounts.sign_up_rehearsed", "integrity doctor")

    def test_without_its_trigger_fails(self):
        with switched_off("profile_follows_user"):
            found = looked_at("accounts.a_couple_can_sign_up")
        assert found.result == "failed"
        assert "profile" in found.what
        assert not User.objects.exists()


class TestGhosts:
    def test_none(self):
        CoupleFactory()
        found = looked_at("accounts.there_are_no_ghosts")
        assert (found.result, found.what) == ("ok", "3 invariants, up to 1 rows")

    def test_one(self):
        couple = CoupleFactory()
        with without_the_database_s_promises():
            Profile.objects.filter(user=couple).delete()
            found = looked_at("accounts.there_are_no_ghosts")
            Tombstone.objects.create(uid=couple.uid)
            User.objects.filter(pk=couple.pk).delete()
        assert found.result == "failed"
        assert "accounts.every_user_has_a_profile (1)" in found.what


class TestTheLastRepair:
    def repaired(self, **facts):
        RepairPlan.objects.create(
            repair=doctor.BACKFILL,
            needs_second_person=False,
            irreversible=False,
            approved_at=Now(),
            started_at=Now(),
            expires_at=Now(),
            **facts,
        )
        return looked_at("accounts.ghosts_were_mended")

    def test_none_was_needed(self):
        assert looked_at("accounts.ghosts_were_mended").what == "none was ever made"

    def test_ended_well(self):
        found = self.repaired(state="applied", applied=3, verdict="holds")
        assert found.result == "ok"
        assert "3 profiles made, the check after it: holds" in found.what

    @pytest.mark.parametrize(
        "facts", [{"state": "failed"}, {"state": "applied", "verdict": "broken"}]
    )
    def test_ended_badly(self, facts):
        found = self.repaired(**facts)
        assert found.result == "failed"
        assert found.do.startswith("manage.py integrity preview ")


class TestTheDesk:
    def test_needs_somebody_who_can_log_in(self):
        CoupleFactory(address__verified=True)
        assert looked_at("accounts.somebody_runs_the_desk").result == "failed"
        operator = OperatorFactory(address__verified=False)
        assert looked_at("accounts.somebody_runs_the_desk").result == "failed"
        Address.objects.filter(user=operator).update(verified=True)
        assert looked_at("accounts.somebody_runs_the_desk").result == "ok"


@contextmanager
def switched_off(trigger):
    named = "SELECT tgname FROM pg_trigger WHERE tgname LIKE %s"
    name = execute(named, f"pgtrigger_{trigger}_%")
    execute(f'ALTER TABLE accounts_user DISABLE TRIGGER "{name}"')
    try:
        yield
    finally:
        execute(f'ALTER TABLE accounts_user ENABLE TRIGGER "{name}"')


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchone()[0] if cursor.description else None


class TestVendors:
    def test_none(self, settings):
        for name in (*doctor.VENDORS.values(), *OTHERS):
            setattr(settings, name, "")
        assert looked_at("accounts.vendors_are_whole").result == "skipped"
        assert looked_at("accounts.stripe_is_heard").result == "skipped"

    def test_all_of_them(self, vendors, settings):
        settings.DEBUG = True
        found = looked_at("accounts.vendors_are_whole")
        assert (found.result, found.what.count(",")) == ("ok", 3)

    def test_half_of_one(self, vendors, settings):
        settings.DEBUG, settings.STRIPE_PRICE = True, ""
        found = looked_at("accounts.vendors_are_whole")
        assert (found.result, "STRIPE_PRICE" in found.what) == ("failed", True)

    @pytest.mark.parametrize("key", ["sk_test_secret", "rk_test_secret"])
    def test_a_key_of_the_other_mode_which_is_not_repeated(self, key, vendors, settings):
        settings.DEBUG, settings.STRIPE_LIVEMODE, settings.STRIPE_API_KEY = True, True, key
        found = looked_at("accounts.vendors_are_whole")
        assert (found.result, key in found.what + found.do) == ("failed", False)
        assert "is of the test mode" in found.what


class TestStripe:
    def test_has_told_nothing_yet(self, vendors):
        assert looked_at("accounts.stripe_is_heard").what == "no event has come yet"

    def test_was_heard(self, vendors):
        send(customer("created", story(CoupleFactory())))
        assert looked_at("accounts.stripe_is_heard").result == "ok"

    def test_has_told_what_could_not_be_applied(self, vendors):
        told = story(CoupleFactory())
        nothing = {"id": "sub_1", "customer": told.customer, "metadata": metadata(told)}
        send(event("customer.subscription.created", told, nothing))
        Event.objects.update(received_at=Now() - timedelta(hours=1))
        found = looked_at("accounts.stripe_is_heard")
        assert found.result == "failed"
        assert "accounts.no_event_waits (1)" in found.what
