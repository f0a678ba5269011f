"""Upkeep of the framework's own tables."""

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone


@shared_task(ignore_result=True)
def purge_expired() -> None:
    """The cache culls when it is full only, and nothing else ever removes a session."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < now()")  # noqa: S608  (a setting)
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
