"""Each examination of the machinery can fail, and says what to do then."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django_celery_beat.models import PeriodicTask

from integrity import doctor
from integrity.addresses import addresses
from integrity.alerts import send_test
from integrity.audit import SYSTEM
from integrity.heartbeats import beat
from integrity.invariants import Severity
from integrity.models import Alert, Heartbeat, OutboxMessage, PromisedTrigger, Run
from integrity.relay import deliver_due
from integrity.sweep import check
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_migration_that_is_missing():
    assert doctor.every_migration_is_applied().result == "ok"
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("integrity", "0004_repairs")
    try:
        found = doctor.every_migration_is_applied()
    finally:
        recorder.record_applied("integrity", "0004_repairs")
    assert (found.result, found.what) == ("failed", "not applied: integrity.0004_repairs")
    assert found.do == "manage.py migrate"


def test_a_server_that_is_too_old(monkeypatch):
    assert doctor.the_server_is_new_enough().result == "ok"
    monkeypatch.setattr(doctor, "OLDEST", 99)
    assert doctor.the_server_is_new_enough().result == "failed"


def test_a_clock_that_is_off(monkeypatch):
    assert doctor.the_clocks_agree().result == "ok"
    monkeypatch.setattr(doctor, "_one", lambda sql: doctor.timezone.now() - timedelta(minutes=1))
    assert doctor.the_clocks_agree().what == "60 s apart"


def test_a_role_that_may_do_anything_and_one_that_may_not():
    found = doctor.the_application_owns_no_table()
    assert (found.result, "is superuser" in found.what) == ("skipped", True)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE doctor_tests; SET ROLE doctor_tests")
        try:
            assert doctor.the_application_owns_no_table().result == "ok"
        finally:
            cursor.execute("RESET ROLE; DROP ROLE doctor_tests")


def test_a_trigger_that_is_off():
    assert doctor.every_trigger_is_there().result == "ok"
    PromisedTrigger.objects.create(
        table="toy_book", name="guard", enabled="O", definition="", function="", fingerprint=""
    )
    found = doctor.every_trigger_is_there()
    assert (found.result, found.what) == ("failed", "toy_book.guard missing")
    assert "every_trigger_is_as_promised" in found.do


def test_no_trigger_at_all_is_no_good_sign():
    PromisedTrigger.objects.all().delete()
    assert doctor.every_trigger_is_there().result == "failed"


def test_what_is_critical_and_broken(lost_books):
    lost_books(severity=Severity.CRITICAL)
    assert doctor.what_is_critical_holds().result == "ok"
    Book.objects.create(state="lost")
    found = doctor.what_is_critical_holds()
    assert (found.result, found.what) == ("failed", "broken: toy.no_book_is_lost (1)")
    assert not Run.objects.exists(), "a look records nothing"


def test_what_nobody_can_tell_is_not_ok(lost_books, monkeypatch):
    def fails():
        raise LookupError("no such table")

    lost_books(severity=Severity.CRITICAL)
    object.__setattr__(doctor.invariants.get("toy.no_book_is_lost"), "query", fails)
    assert doctor.what_is_critical_holds().result == "unknown"


def test_a_task_that_is_off():
    assert doctor.the_schedule_is_whole().result == "ok"
    PeriodicTask.objects.filter(task="integrity.tasks.sweep").update(enabled=False)
    found = doctor.the_schedule_is_whole()
    assert (found.result, found.what) == ("failed", "off or gone: integrity.tasks.sweep")


def test_a_process_that_is_silent():
    Heartbeat.objects.all().delete()
    assert doctor.the_processes_live().result == "skipped"
    beat("worker")
    assert doctor.the_processes_live().result == "ok"
    Heartbeat.objects.update(at=Now() - timedelta(hours=1))
    found = doctor.the_processes_live()
    assert found.result == "failed"
    assert "worker since" in found.what


def test_a_sweep_that_is_overdue(declared):
    assert doctor.a_sweep_was_made().result == "failed"
    check(by=SYSTEM)
    Run.objects.update(complete=True)
    assert doctor.a_sweep_was_made().result == "ok"
    Run.objects.update(finished_at=Now() - timedelta(hours=27))
    assert doctor.a_sweep_was_made().result == "failed"


def test_an_effect_that_was_given_up():
    assert doctor.no_effect_was_given_up().result == "ok"
    OutboxMessage.objects.create(effect="toy", key="1", state="dead", dead_at=Now())
    assert doctor.no_effect_was_given_up().what == "1 given up"


class TestAlerts:
    def test_without_an_address_it_is_said_that_nobody_is_told(self, setting):
        setting(ALERT_ADDRESSES=[])
        found = doctor.alerts_arrive()
        assert (found.result, "ALERT_ADDRESSES" in found.do) == ("skipped", True)

    def test_an_address_that_nothing_understands(self, setting):
        setting(ALERT_ADDRESSES=["not an address"])
        assert doctor.alerts_arrive().result == "failed"

    def test_one_that_was_never_tried(self, setting):
        setting(ALERT_ADDRESSES=["ops@example.com"])
        assert doctor.alerts_arrive().do == "manage.py integrity doctor --alert"

    def test_from_the_promise_to_the_arrival(self, setting):
        setting(ALERT_ADDRESSES=["ops@example.com"])
        send_test(by=SYSTEM)
        waiting = doctor.alerts_arrive()
        assert (waiting.result, "has not reached mail-" in waiting.what) == ("failed", True)
        deliver_due()
        assert doctor.alerts_arrive().result == "ok"
        assert Alert.objects.count() == 1

    def test_each_address_counts_and_so_does_the_newest_test(self, setting):
        setting(ALERT_ADDRESSES=["ops@example.com"])
        send_test(by=SYSTEM)
        deliver_due()
        setting(ALERT_ADDRESSES=["ops@example.com", "eve@example.com"])
        assert doctor.alerts_arrive().result == "failed"

        send_test(by=SYSTEM)
        assert doctor.alerts_arrive().result == "failed"
        Alert.objects.filter(pk=Alert.objects.latest("pk").pk).update(
            sent={address.label: "now" for address in addresses()}
        )
        assert doctor.alerts_arrive().result == "ok"
