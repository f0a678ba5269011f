import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.state import ProjectState
from django_celery_beat.models import PeriodicTask

from config.celery import app
from integrity.schedule import NIGHTLY, SEEDS, seed_schedule

pytestmark = pytest.mark.django_db
RELAY = "integrity: relay the outbox"
BEAT = apps.get_app_config("django_celery_beat")


def seed(**state):
    seed_schedule(sender=BEAT, using="default", **state)


def test_the_relay_runs_every_ten_seconds():
    task = PeriodicTask.objects.get(name=RELAY)

    assert (task.task, task.interval.every, task.interval.period) == (
        "integrity.tasks.relay_outbox",
        10,
        "seconds",
    )


def test_a_tick_that_nobody_took_in_time_is_dropped():
    """Else a night without a worker leaves 3,000 of them."""
    assert PeriodicTask.objects.get(name=RELAY).expire_seconds == 10


def test_the_sweep_runs_daily_at_two_utc():
    task = PeriodicTask.objects.get(name="integrity: sweep")

    assert (task.task, task.interval) == ("integrity.tasks.sweep", None)
    assert (task.crontab.minute, task.crontab.hour, str(task.crontab.timezone)) == ("0", "2", "UTC")


def test_every_scheduled_task_is_one_that_workers_know():
    app.loader.import_default_modules()

    assert {task for task, _ in (SEEDS | NIGHTLY).values()} <= set(app.tasks)


def test_what_an_operator_changed_survives_the_next_migrate():
    PeriodicTask.objects.filter(name=RELAY).update(enabled=False)

    call_command("migrate", verbosity=0)

    assert not PeriodicTask.objects.get(name=RELAY).enabled


def test_what_is_missing_is_put_back():
    PeriodicTask.objects.all().delete()

    seed()

    assert set(PeriodicTask.objects.values_list("name", flat=True)) == set(SEEDS | NIGHTLY)


def test_before_beat_has_its_tables_nothing_is_seeded():
    PeriodicTask.objects.all().delete()

    seed(apps=ProjectState().apps)

    assert not PeriodicTask.objects.exists()


def test_another_database_is_not_seeded():
    PeriodicTask.objects.all().delete()

    seed_schedule(sender=BEAT, using="replica")

    assert not PeriodicTask.objects.exists()
