import pytest
from cryptography.fernet import Fernet

from integrity.checks import check_integrity


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


@pytest.mark.parametrize("name", ["integrity.tasks.rign", "integrity.task.ring", "ring"])
def test_a_doorbell_that_is_not_there_is_named_before_anybody_rings(setting, name):
    setting(DOORBELL=name)

    assert ids() == ["integrity.E005"]


def test_the_doorbell_of_this_project_is_there(setting):
    setting(DOORBELL="integrity.tasks.ring")

    assert ids() == []
