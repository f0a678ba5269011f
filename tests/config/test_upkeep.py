"""What `migrate` and the schedule keep in order, so that nobody has to remember it."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from config.tasks import purge_expired


@pytest.mark.django_db
def test_migrate_makes_the_table_of_the_cache():
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE everafter_cache")
    call_command("migrate", verbosity=0)
    cache.set("key", "value")
    assert cache.get("key") == "value"


@pytest.mark.django_db
def test_what_a_rolled_back_attempt_put_into_the_cache_is_gone():
    sid = connection.savepoint() if connection.in_atomic_block else None
    cache.set("attempts", 1)
    connection.savepoint_rollback(sid)
    assert cache.get("attempts") is None


@pytest.mark.django_db
def test_what_has_expired_is_purged_and_the_rest_stays():
    now = timezone.now()
    for key, age in (("old", -1), ("new", 1)):
        cache.set(key, "value", timeout=age * 3600 if age > 0 else 3600)
        Session.objects.create(session_key=key, expire_date=now + timedelta(hours=age))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE everafter_cache SET expires = now() - interval '1 h' WHERE cache_key = %s",
            [cache.make_key("old")],
        )
        purge_expired()
        cursor.execute("SELECT cache_key FROM everafter_cache")
        assert cursor.fetchall() == [(cache.make_key("new"),)]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


@pytest.mark.django_db
def test_the_purge_is_on_the_schedule():
    assert PeriodicTask.objects.filter(task="config.tasks.purge_expired", enabled=True).exists()
