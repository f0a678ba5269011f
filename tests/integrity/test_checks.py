import sys

import pytest
from cryptography.fernet import Fernet

from integrity.checks import DOORBELLS, check_deployment, check_integrity


def ids():
    return [problem.id for problem in check_integrity()]


@pytest.fixture
def database(settings, monkeypatch):
    def change(**values):
        monkeypatch.setitem(settings.DATABASES, "default", values)

    return change


def test_this_project_is_in_order():
    assert ids() == []


def test_another_database_than_postgresql_is_refused(database):
    database(ENGINE="django.db.backends.sqlite3")

    assert ids() == ["integrity.E001"]


def test_the_embedded_server_is_postgresql(database):
    database(ENGINE="config.pgbackend")

    assert ids() == []


def test_a_transaction_around_each_request_is_refused(database):
    database(ENGINE="django.db.backends.postgresql", ATOMIC_REQUESTS=True)

    assert ids() == ["integrity.E002"]


def test_a_misspelt_setting_is_named(setting):
    setting(LOCK_TIMEOUTS=1)

    [problem] = check_integrity()
    assert (problem.id, "LOCK_TIMEOUTS" in problem.msg) == ("integrity.E003", True)


@pytest.mark.parametrize("key", ["", "too short", "ä" * 44, "A" * 42])
def test_a_seal_key_that_is_none_is_named_by_its_place_and_not_shown(setting, key):
    setting(SEAL_KEYS=[Fernet.generate_key().decode(), key])

    [problem] = check_integrity()
    assert problem.id == "integrity.E004"
    assert "key 2" in problem.msg
    assert not key or key not in problem.msg


@pytest.mark.parametrize("bell", DOORBELLS)
@pytest.mark.parametrize("name", ["integrity.tasks.rign", "integrity.task.ring", "ring"])
def test_a_doorbell_that_is_not_there_is_named_before_anybody_rings(setting, bell, name):
    setting(**{bell: name})

    [problem] = check_integrity()
    assert (problem.id, bell in problem.msg) == ("integrity.E005", True)


def test_the_doorbells_of_this_project_are_there(setting):
    setting(**{bell: f"integrity.tasks.{hook}" for bell, hook in DOORBELLS.items()})

    assert ids() == []


class TestAlerts:
    @pytest.mark.parametrize("address", ["ops", "nonsense://hush", "slack://hush", "mailto://"])
    def test_an_address_that_nothing_can_be_sent_to_is_named_by_its_label(self, setting, address):
        setting(ALERT_ADDRESSES=["ops@b.example", address])

        [problem] = check_integrity()
        assert problem.id == "integrity.W002"
        assert "hush" not in str(problem)
        # It is no error: a sweep is made all the same.
        assert not problem.is_serious()

    def test_an_address_that_needs_apprise_where_it_is_not_installed(self, setting, monkeypatch):
        setting(ALERT_ADDRESSES=["json://127.0.0.1/"])
        monkeypatch.setitem(sys.modules, "apprise", None)

        assert ids() == ["integrity.W003"]

    def test_a_watcher_that_has_no_web_address(self, setting):
        setting(ALIVE_URL="file:///etc/hostname")

        assert ids() == ["integrity.W004"]

    def test_good_ones_are_in_order(self, setting):
        setting(ALERT_ADDRESSES=["ops@b.example", "json://h/"], ALIVE_URL="https://h/")

        assert ids() == []

    def test_no_address_at_all_is_said_before_a_deployment(self, setting):
        assert ids() == []
        assert [problem.id for problem in check_deployment()] == ["integrity.W001"]
        setting(ALERT_ADDRESSES=["ops@b.example"])
        assert check_deployment() == []
