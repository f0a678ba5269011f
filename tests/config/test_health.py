"""What the probes answer, to whom, and what they leave alone."""

from ipaddress import ip_network

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config import health
from integrity.models import Ended, FlowOutcome
from tests.exposition import parse

TOKEN = "a-token-of-enough-characters"
PROBES = ["/livez", "/readyz", "/metrics"]


@pytest.fixture(autouse=True)
def production(settings):
    """As strict as it gets: https alone, one host name."""
    settings.DEBUG = False
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["everafter.example"]
    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = TOKEN, []
    return settings


@pytest.fixture
def ask():
    client = Client(headers={"host": "10.0.0.7:8000"})
    return lambda path, **headers: client.get(path, headers=headers)


def networks(*each):
    return [ip_network(one) for one in each]


def bearer(token=TOKEN):
    return {"authorization": f"Bearer {token}"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PROBES)
def test_a_probe_is_answered_over_plain_http_under_any_host_without_a_cookie(ask, path):
    response = ask(path, **bearer())
    assert response.status_code == 200
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    assert response["X-Request-Id"]


def test_the_rest_of_the_site_is_as_strict_as_before(ask):
    assert ask("/").status_code == 400


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_only_looks(client, path):
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_probe_may_ask_for_the_head_alone(client, method):
    response = getattr(client, method)("/livez")
    assert response.status_code == 200
    assert bool(response.content) == (method == "get")


def test_livez_touches_no_database(ask):
    """This test has none: any query would raise."""
    assert ask("/livez").content == b"alive\n"


@pytest.mark.django_db(transaction=True)
class TestReady:
    def test_with_a_database_and_every_migration(self, ask):
        assert ask("/readyz").content == b"ready\n"

    def test_not_while_a_migration_is_missing(self, ask):
        """Nor, in the other direction, because of one that only a newer release knows."""
        recorder = MigrationRecorder(connection)
        recorder.record_applied("accounts", "9999_of_a_newer_release")
        assert ask("/readyz").status_code == 200
        recorder.record_unapplied("accounts", "0001_initial")
        try:
            response = ask("/readyz")
        finally:
            recorder.record_applied("accounts", "0001_initial")
            recorder.record_unapplied("accounts", "9999_of_a_newer_release")
        assert response.status_code == 503
        assert response.content.decode().splitlines() == [
            "not ready",
            "- migrations: 1 not applied (manage.py migrate)",
        ]

    def test_not_without_a_database_and_says_no_more_than_that(self, ask, monkeypatch, caplog):
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", "do-not-tell")
        response = ask("/readyz")
        assert (response.status_code, response.content.decode()) == (
            503,
            "not ready\n- database: no answer, or not in time\n",
        )
        assert [record.event for record in caplog.records if hasattr(record, "event")] == [
            "health.not_ready"
        ]
        assert "do-not-tell" not in caplog.text

    def test_not_with_a_database_that_only_reads(self, ask, monkeypatch):
        """As a standby does, where the address leads after a failover that went wrong."""
        options = connection.settings_dict.get("OPTIONS", {})
        only_reads = {**options, "options": "-c default_transaction_read_only=on"}
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", only_reads)
        response = ask("/readyz")
        assert (response.status_code, response.content.decode()) == (
            503,
            "not ready\n- database: it takes no writes\n",
        )

    def test_waits_for_no_statement_longer_than_a_moment(self, ask, monkeypatch):
        monkeypatch.setattr(health, "ANSWER_WITHIN", 20)
        monkeypatch.setattr(health, "pending", slow)
        assert ask("/readyz").status_code == 503

    def test_leaves_the_connection_of_the_process_alone(self, ask):
        before = connection.connection
        assert ask("/readyz").status_code == 200
        assert connection.connection is before


def slow(probe):
    with probe.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    return []


@pytest.mark.django_db(transaction=True)
class TestWhoMayReadMetrics:
    def test_nobody_unless_something_is_set(self, ask, production):
        production.METRICS_TOKEN = ""
        refused = ask("/metrics")
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
        assert b"METRICS_TOKEN" in refused.content
        assert ask("/metrics", **bearer("")).status_code == 401

    def test_everybody_in_development(self, ask, production):
        production.METRICS_TOKEN, production.DEBUG = "", True
        assert ask("/metrics").status_code == 200

    def test_in_development_too_what_is_set_counts(self, ask, production):
        production.DEBUG = True
        assert ask("/metrics").status_code == 401

    @pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "é"])
    def test_another_token_is_none(self, ask, token):
        assert ask("/metrics", **bearer(token)).status_code == 401

    @pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3"])
    def test_an_address_of_the_list(self, ask, production, address):
        production.METRICS_ADDRESSES = networks("10.0.0.0/8")
        assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 200

    @pytest.mark.parametrize("address", ["11.1.2.3", "::1", ""])
    def test_no_other_address(self, production, address):
        production.METRICS_ADDRESSES = networks("10.0.0.0/8")
        assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 401

    @pytest.mark.parametrize("header", health.FORWARDED)
    def test_nobody_by_the_address_of_a_proxy(self, production, header):
        production.METRICS_ADDRESSES = networks("127.0.0.1")
        client = Client(headers={header: "127.0.0.1"})
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers=bearer()).status_code == 200


@pytest.mark.django_db(transaction=True)
class TestMetrics:
    def test_are_prometheus_text(self, ask):
        FlowOutcome.add(Ended("accounts.sign_up", FlowOutcome.Outcome.COMMITTED, 0.5))
        response = ask("/metrics", **bearer())
        assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        commits = parse(response.content.decode())["integrity_flow_commits_total"]
        assert commits.samples["", (("flow", "accounts.sign_up"),)] == 1

    def test_are_all_there_or_none_is(self, ask, monkeypatch):
        def unreachable():
            raise OperationalError

        monkeypatch.setattr(health, "exposition", unreachable)
        assert ask("/metrics", **bearer()).status_code == 503
