"""Each examination of the site can fail, and says what to do then."""

import pytest
from celery import current_app

from config import doctor


def test_settings_of_development_are_for_production_no_proof(settings):
    settings.DEBUG = True
    assert doctor.settings_are_for_production().result == "skipped"
    assert doctor.static_files_are_collected().result == "skipped"


@pytest.mark.django_db
def test_settings_that_would_not_do(settings):
    settings.DEBUG, settings.SECURE_SSL_REDIRECT = False, False
    found = doctor.settings_are_for_production()
    assert (found.result, found.do) == ("failed", "manage.py check --deploy")
    assert "security.W008" in found.what


def test_static_files_that_were_not_collected(settings, tmp_path):
    settings.DEBUG, settings.STATIC_ROOT = False, str(tmp_path)
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    found = doctor.static_files_are_collected()
    assert found.result == "failed"
    assert "collectstatic" in found.do


def test_a_broker_that_is_away_is_not_named_with_its_password(monkeypatch):
    assert doctor.the_broker_answers().result == "ok"
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://:do-not-tell@127.0.0.1:1/0")
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://:do-not-tell@127.0.0.1:1/0")
    found = doctor.the_broker_answers()
    assert found.result == "failed"
    assert "do-not-tell" not in found.what + found.do


def test_metrics_that_nobody_may_read(settings):
    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = "", []
    assert doctor.a_monitor_may_read_metrics().result == "skipped"
    settings.METRICS_TOKEN = "x" * 24
    assert doctor.a_monitor_may_read_metrics().result == "ok"
