"""The settings as a process meets them at its start."""

import secrets

import pytest

from config import embedded_postgres, environment
from tests.config.checkout import copy_to, manage
from tests.config.test_embedded_postgres import remove

PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "SEAL_KEYS": "kOYgrC2_KvCbPBH1yK8mWuyTx5nTQ5J8nYDyMFrgJaI=",
    "ALLOWED_HOSTS": "everafter.example",
    "SITE_URL": "https://everafter.example",
    "DATABASE_URL": "postgres://everafter:do-not-tell@127.0.0.1:1/everafter",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "DEFAULT_FROM_EMAIL": "Everafter <hello@everafter.example>",
    "EMAIL_URL": "smtp+tls://ada:do-not-tell@127.0.0.1:1",
    "TRUST_FORWARDED_PROTO": "false",
    "TRUSTED_PROXY_COUNT": "0",
}
# Not needed to start; without it a check says that nobody is told.
TOLD = {"ALERT_ADDRESSES": "ops@everafter.example"}
SHOW = (
    "from django.conf import settings as s; from django.urls import resolve, Resolver404\n"
    "from django.apps import apps\n"
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = copy_to(tmp_path_factory.mktemp("a path") / "with spaces")
    yield folder
    remove(folder)


def test_without_debug_a_process_refuses_to_start_and_names_everything_it_misses(checkout):
    refused = manage(checkout, "check")
    assert refused.returncode != 0
    for name in environment.REQUIRED:
        assert f"  {name}: " in refused.stderr


def test_the_refusal_is_text_and_no_check_that_has_found_something(checkout):
    refused = manage(checkout, "integrity", "check")
    assert refused.returncode == 3
    assert "Traceback" not in refused.stderr
    assert "Traceback" in manage(checkout, "check", "--traceback").stderr


def test_the_production_profile_passes_the_deployment_checks(checkout):
    command = ("check", "--deploy", "--fail-level", "WARNING")
    checked = manage(checkout, *command, **PRODUCTION, **TOLD)
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout
    untold = manage(checkout, *command, **PRODUCTION)
    assert "integrity.W001" in untold.stderr


def test_production_has_no_demo_and_no_file_of_keys(checkout):
    script = SHOW + "print(apps.is_installed('demo'), s.EMAIL_BACKEND, s.SECURE_SSL_REDIRECT)"
    shown = manage(checkout, "shell", "--no-imports", "-c", script, **PRODUCTION)
    assert shown.stdout.split() == ["False", "django.core.mail.backends.smtp.EmailBackend", "True"]
    assert not (checkout / ".data").exists()


@pytest.mark.parametrize("name", ["DATABASE_URL", "EMAIL_URL"])
def test_a_malformed_address_is_refused_without_being_shown(checkout, name):
    refused = manage(checkout, "check", **PRODUCTION | {name: "nonsense://ada:do-not-tell@:port"})
    assert refused.returncode != 0
    assert name in refused.stderr
    assert "do-not-tell" not in refused.stderr


def test_a_malformed_number_is_refused_without_being_shown(checkout):
    refused = manage(checkout, "check", **PRODUCTION, HSTS_SECONDS="do-not-tell")
    assert refused.stderr == "HSTS_SECONDS is set, but can't be understood.\n"


@pytest.mark.parametrize("name", ["TRUST_FORWARDED_PROTO", "TRUSTED_PROXY_COUNT"])
def test_what_proxy_there_is_has_to_be_said(checkout, name):
    """A guess is a loop of redirects, or one limit for all visitors."""
    told = {each: value for each, value in PRODUCTION.items() if each != name}
    refused = manage(checkout, "check", **told)
    assert refused.returncode != 0
    assert f"  {name}: " in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("TRUST_FORWARDED_PROTO", "ture"), ("TRUSTED_PROXY_COUNT", "-1")]
)
def test_a_proxy_said_wrongly_is_refused(checkout, name, value):
    refused = manage(checkout, "check", **PRODUCTION | {name: value})
    assert refused.stderr == f"{name} is set, but can't be understood.\n"


def test_production_answers_to_names_and_not_to_any(checkout):
    refused = manage(checkout, "check", **PRODUCTION | {"ALLOWED_HOSTS": "everafter.example, *"})
    assert refused.returncode != 0
    assert "ALLOWED_HOSTS" in refused.stderr


def test_the_header_of_a_proxy_is_believed_on_request_only(checkout):
    script = SHOW + "print(getattr(s, 'SECURE_PROXY_SSL_HEADER', None))"
    command = ("shell", "--no-imports", "-c", script)
    assert manage(checkout, *command, **PRODUCTION).stdout.strip() == "None"
    believed = manage(checkout, *command, **PRODUCTION | {"TRUST_FORWARDED_PROTO": "true"})
    assert "HTTP_X_FORWARDED_PROTO" in believed.stdout


def test_commands_without_need_of_a_database_start_none_and_the_first_connection_does(checkout):
    (checkout / ".env").write_text("DEBUG=true\n")
    server = embedded_postgres.locate(checkout)
    for command in (["--help"], ["check"], ["embedded_postgres", "status"]):
        assert manage(checkout, *command).returncode == 0
        assert not embedded_postgres.answers(server)
    script = "from django.db import connection; connection.ensure_connection()"
    assert manage(checkout, "shell", "--no-imports", "-c", script).returncode == 0
    assert embedded_postgres.answers(server)
    assert manage(checkout, "embedded_postgres", "stop").stdout == "stopped\n"
    assert manage(checkout, "embedded_postgres", "stop").stdout == "not running\n"


def test_checks_are_read_on_a_replica_where_one_is_named(checkout):
    script = SHOW + "print(s.INTEGRITY['REPLICA'] or 'none', *sorted(s.DATABASES))"
    command = ("shell", "--no-imports", "-c", script)
    assert manage(checkout, *command, **PRODUCTION).stdout.split() == ["none", "default"]
    named = manage(checkout, *command, **PRODUCTION, REPLICA_URL=PRODUCTION["DATABASE_URL"])
    assert named.stdout.split() == ["replica", "default", "replica"]
