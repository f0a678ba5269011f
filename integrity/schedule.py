"""The schedule that comes with the app, where django-celery-beat is installed.

It is seeded once by name, so an operator's edit survives every later start.
"""

from typing import Any

from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.dispatch import receiver

SEEDS = {
    "integrity: relay the outbox": ("integrity.tasks.relay_outbox", 10),
    "integrity: forget old operations": ("integrity.tasks.forget_operations", 86_400),
}


@receiver(post_migrate, dispatch_uid="integrity.schedule")
def seed_schedule(sender: Any, using: str, apps: Any = installed, **kwargs: Any) -> None:
    if sender.name != "django_celery_beat" or using != DEFAULT_DB_ALIAS:
        return
    try:
        apps.get_model("django_celery_beat", "PeriodicTask")
    except LookupError:
        return  # migrated up to an app that comes before its tables
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    for name, (task, seconds) in SEEDS.items():
        interval, _ = IntervalSchedule.objects.get_or_create(
            every=seconds, period=IntervalSchedule.SECONDS
        )
        # A tick that no worker took in time is dropped: the next one is there.
        defaults = {"task": task, "interval": interval, "expire_seconds": seconds}
        PeriodicTask.objects.get_or_create(name=name, defaults=defaults)
