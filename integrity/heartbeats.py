"""Signs of life of the processes that must always run."""

from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from integrity.models import Heartbeat

SCHEDULER, WORKER = "scheduler", "worker"

# A busy worker says so once in a while only.
_BEAT = """
INSERT INTO integrity_heartbeat AS known (name) VALUES (%s)
ON CONFLICT (name) DO UPDATE SET at = now() WHERE known.at < now() - interval '15 seconds'
"""


def beat(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [name])


@receiver(post_migrate, dispatch_uid="integrity.heartbeats")
def expect_heartbeats(sender: Any, using: str, **kwargs: Any) -> None:
    """From the first migrate on, a process that never started is missed as well."""
    if sender.name != "integrity" or using != DEFAULT_DB_ALIAS:
        return
    if not apps.is_installed("django_celery_beat"):
        return
    if Heartbeat._meta.db_table in connection.introspection.table_names():
        for name in (SCHEDULER, WORKER):
            Heartbeat.objects.get_or_create(name=name)
