"""When a sweep is due, by the schedule that operators may edit."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from integrity.audit import SYSTEM
from integrity.leases import begin, finish, give_up
from integrity.models import Run
from integrity.slots import latest_slot, missed_slots

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 5, 12, 0, 30, tzinfo=UTC)
TODAY, YESTERDAY = datetime(2026, 3, 5, 2, tzinfo=UTC), datetime(2026, 3, 4, 2, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def reschedule(**fields):
    crontab = CrontabSchedule.objects.create(**fields)
    PeriodicTask.objects.filter(name="integrity: sweep").update(crontab=crontab)


def missed():
    return missed_slots(NOON, installed_at=LONG_AGO)


def swept(slot):
    return begin(kind=Run.Kind.CHECK, scope="all", by=SYSTEM, slot=slot)


def test_a_sweep_stands_for_the_latest_due_time():
    assert latest_slot(NOON) == TODAY
    assert latest_slot(TODAY) == TODAY
    assert latest_slot(TODAY - timedelta(seconds=1)) == YESTERDAY


def test_it_follows_the_schedule_in_its_time_zone():
    reschedule(minute="30", hour="*/6", timezone="Europe/Oslo")
    assert latest_slot(NOON) == datetime(2026, 3, 5, 11, 30, tzinfo=UTC)
    reschedule(minute="0", hour="2", day_of_week="sun", timezone="UTC")
    assert latest_slot(NOON) is None


def test_a_schedule_that_is_switched_off_is_still_missed():
    PeriodicTask.objects.filter(name="integrity: sweep").update(enabled=False)
    assert missed() == [YESTERDAY, TODAY]


def test_without_a_schedule_it_is_daily(monkeypatch, setting):
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    setting(SWEEP_HOUR=5)
    assert latest_slot(NOON) == TODAY + timedelta(hours=3)


def test_a_slot_with_a_run_is_not_missed():
    finish(swept(YESTERDAY), Run.State.SUCCEEDED)
    assert missed() == [TODAY]
    swept(TODAY)
    assert missed() == []


def test_a_slot_whose_run_gave_up_is_missed():
    give_up(swept(TODAY), RuntimeError("no"))
    assert missed() == [YESTERDAY, TODAY]


def test_a_slot_is_missed_when_its_grace_is_over(setting):
    setting(SWEEP_GRACE=10.5 * 3600)
    assert missed() == [YESTERDAY]


def test_nothing_is_missed_from_before_it_was_installed():
    assert missed_slots(NOON, installed_at=TODAY - timedelta(hours=1)) == [TODAY]
