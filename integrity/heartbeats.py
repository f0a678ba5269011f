"""Signs of life of the processes that must always run."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models.functions import Now
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from integrity.conf import config
from integrity.models import Heartbeat

SCHEDULER, WORKER, RELAY, SAGAS = "scheduler", "worker", "relay", "sagas"

# A busy worker says so once in a while only.
_BEAT = """
INSERT INTO integrity_heartbeat AS known (name) VALUES (%s)
ON CONFLICT (name) DO UPDATE SET at = now() WHERE known.at < now() - interval '15 seconds'
"""


def beat(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [name])


def stand_in(*names: str) -> None:
    """A command that cron runs does the work of these processes, where they are expected at all."""
    stale = Now() - timedelta(seconds=15)
    Heartbeat.objects.filter(name__in=names, at__lt=stale).update(at=Now())


def is_silent(name: str) -> bool:
    """Whether it should have given a sign of life. Who never was expected to isn't silent."""
    since = Now() - timedelta(seconds=config().silence)
    return Heartbeat.objects.filter(name=name, at__lt=since).exists()


@receiver(post_migrate, dispatch_uid="integrity.heartbeats")
def expect_heartbeats(sender: Any, using: str, **kwargs: Any) -> None:
    """From the first migrate on, a process that never started is missed as well."""
    if sender.name != "integrity" or using != DEFAULT_DB_ALIAS:
        return
    if not apps.is_installed("django_celery_beat"):
        return
    if Heartbeat._meta.db_table in connection.introspection.table_names():
        for name in (SCHEDULER, WORKER, RELAY, SAGAS):
            Heartbeat.objects.get_or_create(name=name)
