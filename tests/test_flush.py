"""What tests that commit leave behind is gone, what `migrate` made is still there."""

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection
from django_celery_beat.models import PeriodicTask

from integrity.audit import command_actor
from integrity.models import AuditEntry
from tests.database import execute
from tests.factories import CoupleFactory
from tests.flush import flush

pytestmark = pytest.mark.django_db(transaction=True)


def seeds():
    return [
        execute("SELECT * FROM auth_permission ORDER BY id"),
        execute("SELECT * FROM django_content_type ORDER BY id"),
        execute("SELECT name, task, enabled FROM django_celery_beat_periodictask ORDER BY id"),
    ]


def test_rows_that_a_test_committed_are_gone():
    user = CoupleFactory()

    flush()

    assert not type(user).objects.exists()


def test_the_audit_log_is_empty_and_guarded_again():
    AuditEntry.objects.create(actor_kind="command", subject=command_actor().id)

    flush()

    assert not AuditEntry.objects.exists()
    AuditEntry.objects.create(actor_kind="command")
    with pytest.raises(IntegrityError):
        AuditEntry.objects.all().delete()


def test_seeds_stay_and_come_back_as_they_were():
    before = seeds()
    assert all(before)

    Permission.objects.first().delete()
    PeriodicTask.objects.update(enabled=False)
    flush()

    assert seeds() == before


def test_a_broken_connection_is_replaced():
    connection.connection.close()
    with pytest.raises(Exception, match="closed"):
        execute("SELECT 1")

    flush()

    assert execute("SELECT 1") == [(1,)]
