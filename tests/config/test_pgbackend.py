"""The database backend that starts its server by itself."""

import os
import signal

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from config import embedded_binaries, embedded_postgres
from tests.config.test_embedded_postgres import process, remove


@pytest.fixture
def connection(tmp_path):
    handler = ConnectionHandler({"default": embedded_postgres.database_settings(tmp_path)})
    yield handler["default"]
    handler["default"].close()
    remove(tmp_path)


@pytest.mark.django_db  # unblocks connections; this one goes elsewhere
def test_a_killed_server_is_back_at_the_next_connection(connection, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    os.kill(process(tmp_path), signal.SIGKILL)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_a_server_that_cannot_be_had_is_an_ordinary_database_error(connection, monkeypatch):
    monkeypatch.setattr(embedded_binaries, "PACKAGES", ())
    monkeypatch.delenv(embedded_binaries.BIN_VARIABLE, raising=False)
    with pytest.raises(OperationalError, match="DATABASE_URL"):
        connection.ensure_connection()
