"""Which migrations are missing, whoever applied the others."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from integrity import pending as module
from integrity.pending import pending

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorder():
    return MigrationRecorder(connection)


def test_none_after_migrate():
    assert pending(connection) == []


def test_one_that_is_not_recorded(recorder):
    recorder.record_unapplied("integrity", "0001_foundation")
    recorder.record_unapplied("accounts", "0001_initial")
    assert pending(connection) == [("accounts", "0001_initial"), ("integrity", "0001_foundation")]


def test_one_that_only_a_newer_release_knows_is_no_concern(recorder):
    recorder.record_applied("integrity", "9999_of_a_newer_release")
    assert pending(connection) == []


def test_one_that_stands_for_others_is_there_when_all_of_them_are(recorder, monkeypatch):
    parts = (("toy", "0001"), ("toy", "0002"))
    monkeypatch.setattr(module, "known", lambda: {("toy", "0001_squashed"): parts})
    recorder.record_applied("toy", "0001")
    assert pending(connection) == [("toy", "0001_squashed")]
    recorder.record_applied("toy", "0002")
    assert pending(connection) == []


def test_before_the_first_migrate_all_of_them(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")
    assert len(pending(connection)) == len(module.known()) > 30
