import logging
import uuid

import pytest
from django.db import IntegrityError, OperationalError, connection
from psycopg.errors import LockNotAvailable

from accounts.models import User
from integrity.flows import Busy
from tests.accounts.pages import sign_up
from tests.database import execute

pytestmark = pytest.mark.django_db(transaction=True)


def raising(error):
    def sign_up(**kwargs):
        raise error

    return sign_up


class LineBreaks:
    """Closes the connection once, behind the last statement of the flow."""

    def __init__(self):
        self.counted = self.broken = False

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        self.counted |= 'INSERT INTO "everafter_cache"' in sql and connection.in_atomic_block
        if self.counted and sql.startswith("RELEASE SAVEPOINT") and not self.broken:
            self.broken = True
            connection.close()
        return result


class TestBusy:
    def test_nothing_was_changed_is_said_and_when_to_come_back(self, client, monkeypatch, caplog):
        monkeypatch.setattr("accounts.forms.sign_up", raising(Busy("accounts.sign_up")))

        answer = sign_up(client)

        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert "before anything was changed" in answer.content.decode()
        assert "request.busy" in caplog.text

    def test_a_lock_that_is_never_given_back_ends_there(self, client, monkeypatch):
        monkeypatch.setattr("integrity.flows._pause", lambda attempt: None)

        def locked(execute, sql, params, many, context):
            if 'INSERT INTO "accounts_user"' in sql:
                raise OperationalError from LockNotAvailable()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(locked):
            assert sign_up(client).status_code == 503
        assert not User.objects.exists()


class TestNotConfirmed:
    def test_it_is_said_that_nobody_knows_and_how_to_find_out(self, client, caplog):
        with connection.execute_wrapper(LineBreaks()):
            answer = sign_up(client)

        assert answer.status_code == 503
        assert "as a whole or not at all" in answer.content.decode()
        assert "request.not_confirmed" in caplog.text

    def test_a_form_that_carries_an_operation_never_gets_there(self, client):
        with connection.execute_wrapper(LineBreaks()):
            answer = sign_up(client, operation=str(uuid.uuid4()))

        assert answer.status_code == 302
        assert User.objects.count() == 1


class TestRefusedByTheDatabase:
    def test_a_failing_trigger_gets_an_honest_page_and_a_log_line(self, client, caplog):
        function = execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc"
            " WHERE proname LIKE 'pgtrigger_profile_follows_user_%%'"
        )[0][0].replace("%", "%%")
        execute(function.replace("INSERT INTO", "PERFORM 1/0; INSERT INTO"))
        try:
            answer = sign_up(client)
        finally:
            execute(function)

        assert answer.status_code == 500
        assert "every account has a profile" in answer.content.decode()
        assert answer["X-Request-Id"] in answer.content.decode()
        (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert line.event == "database.refused"
        assert line.promise == "profile_follows_user"
        assert "ada@example.com" not in caplog.text
        assert not User.objects.exists()

    def test_a_rival_who_was_faster_is_a_conflict(self, client, monkeypatch):
        with pytest.raises(IntegrityError) as taken:
            execute("INSERT INTO accounts_user (email, kind) VALUES ('a@b.cc', 'operator')")
            execute("INSERT INTO accounts_user (email, kind) VALUES ('a@b.cc', 'operator')")
        monkeypatch.setattr("accounts.forms.sign_up", raising(taken.value))

        answer = sign_up(client)

        assert answer.status_code == 409
        assert "changed in the meantime" in answer.content.decode()


def test_the_path_of_a_page_that_fails_stays_out_of_the_log(client, monkeypatch, caplog):
    def busy(key):
        raise Busy("accounts.confirm_email")

    monkeypatch.setattr("accounts.views.verification.address_of", busy)

    client.get("/verify/a-secret-key/")

    assert "account_confirm_email" in caplog.text
    assert "a-secret-key" not in caplog.text
