"""The schedule that comes with the app, where django-celery-beat is installed.

It is seeded once by name, so an operator's edit survives every later start.
"""

from typing import Any

from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from integrity.conf import config

SEEDS = {
    "integrity: give a sign of life": ("integrity.tasks.give_sign_of_life", 60),
    "integrity: relay the outbox": ("integrity.tasks.relay_outbox", 10),
    "integrity: go on with sagas": ("integrity.tasks.run_sagas", 10),
    "integrity: check what is queued": ("integrity.tasks.check_queued", 15),
    "integrity: repair what is queued": ("integrity.tasks.repair_queued", 15),
    "integrity: keep watch": ("integrity.tasks.keep_watch", 60),
    "integrity: forget old operations": ("integrity.tasks.forget_operations", 86_400),
}
# Daily (UTC), so many minutes after the hour of the sweep.
NIGHTLY = {
    "integrity: sweep": ("integrity.tasks.sweep", 0),
    "integrity: purge the history": ("integrity.tasks.purge_history", 90),
}


@receiver(post_migrate, dispatch_uid="integrity.schedule")
def seed_schedule(sender: Any, using: str, apps: Any = installed, **kwargs: Any) -> None:
    if sender.name != "django_celery_beat" or using != DEFAULT_DB_ALIAS:
        return
    try:
        apps.get_model("django_celery_beat", "PeriodicTask")
    except LookupError:
        return  # migrated up to an app that comes before its tables
    _seed_intervals()
    _seed_nights()


def _seed_intervals() -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    for name, (task, seconds) in SEEDS.items():
        interval, _ = IntervalSchedule.objects.get_or_create(
            every=seconds, period=IntervalSchedule.SECONDS
        )
        # A tick that no worker took in time is dropped: the next one is there.
        defaults = {"task": task, "interval": interval, "expire_seconds": seconds}
        PeriodicTask.objects.get_or_create(name=name, defaults=defaults)


def _seed_nights() -> None:
    from django_celery_beat.models import CrontabSchedule, PeriodicTask

    for name, (task, minutes) in NIGHTLY.items():
        hours, minute = divmod(minutes, 60)
        crontab, _ = CrontabSchedule.objects.get_or_create(
            minute=str(minute),
            hour=str((config().sweep_hour + hours) % 24),
            day_of_week="*",
            day_of_month="*",
            month_of_year="*",
            timezone="UTC",
        )
        defaults = {"task": task, "crontab": crontab}
        PeriodicTask.objects.get_or_create(name=name, defaults=defaults)
