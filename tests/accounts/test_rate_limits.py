import pytest
from allauth.account.adapter import get_adapter
from django.db import connection

from integrity.drill.faults import run_in_child
from tests import mailbox
from tests.accounts.pages import FORGOTTEN, is_logged_in, log_in, sign_up
from tests.database import execute
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)

TOO_MANY = "Too many failed login attempts"


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com", address__verified=True)


def fail(client, times, email="ada@example.com", **kwargs):
    return [
        TOO_MANY in log_in(client, email, password="wrong", **kwargs).content.decode()
        for _ in range(times)
    ]


class TestFailedLogIns:
    def test_the_sixth_is_refused_even_with_the_right_password(self, client, ada):
        assert fail(client, 6) == [False] * 5 + [True]

        log_in(client)
        assert not is_logged_in(client)

    def test_successes_are_not_counted(self, client, ada):
        for _ in range(7):
            log_in(client)
            client.post("/logout/")

        log_in(client)
        assert is_logged_in(client)

    def test_all_spellings_of_an_address_share_the_count(self, client, ada):
        spellings = ["ada@example.com", "ADA@example.com", " ada@example.com ", "ada@EXAMPLE.com"]
        for spelling in spellings:
            fail(client, 1, spelling)

        assert fail(client, 2) == [False, True]

    @pytest.mark.parametrize("typed", ["ADA@example.com ", "ada@EXAMPLE.com"])
    def test_whoever_asks_past_our_form_is_counted_alike(self, rf, typed):
        key = get_adapter()._get_login_attempts_cache_key

        assert key(rf.get("/"), email=typed) == key(rf.get("/"), email="ada@example.com")
        assert key(rf.get("/"), email=f"no address {typed}").startswith("no address ada@")

    def test_another_host_name_of_ours_is_no_way_round(self, client, ada, settings):
        settings.ALLOWED_HOSTS = ["one.example", "two.example"]
        for host in ("one.example", "two.example"):
            client.defaults["HTTP_HOST"] = host
            fail(client, 3)

        assert fail(client, 1) == [True]

    def test_a_forged_sender_is_no_way_round(self, client, ada):
        for number in range(5):
            client.defaults["HTTP_X_FORWARDED_FOR"] = f"192.0.2.{number}"
            fail(client, 1)

        client.defaults["HTTP_X_FORWARDED_FOR"] = "192.0.2.99"
        assert fail(client, 1) == [True]

    def test_one_sender_cannot_try_many_accounts(self, client):
        refused = [fail(client, 1, f"somebody{number}@example.com")[0] for number in range(11)]

        assert refused == [False] * 10 + [True]

    def test_the_way_into_the_admin_is_limited_alike(self, client):
        operator = OperatorFactory()
        fail(client, 5, operator.email, next="/admin/")

        log_in(client, operator.email, next="/admin/")

        assert client.get("/admin/").status_code == 302

    def test_web_processes_share_the_count(self, client, ada):
        connection.close()
        run_in_child(lambda: fail(client, 5))

        assert fail(client, 1) == [True]

    def test_without_the_count_nobody_comes_in(self, client, ada):
        client.raise_request_exception = False
        execute("ALTER TABLE everafter_cache RENAME TO elsewhere")
        try:
            assert log_in(client).status_code == 500
        finally:
            execute("ALTER TABLE elsewhere RENAME TO everafter_cache")

        assert not is_logged_in(client)


def test_sign_ups_from_one_place_are_limited_and_told_so(client):
    answers = [sign_up(client, f"a{number}@example.com") for number in range(21)]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    assert "Nothing was changed" in answers[-1].content.decode()


def test_a_mailbox_gets_one_reset_mail_a_minute_however_often_it_is_asked(client, ada):
    for email in ("ada@example.com", "ADA@example.com"):
        assert client.post(FORGOTTEN, {"email": email}).status_code == 302

    assert len(mailbox.promised()) == 1


def test_the_counts_name_nobody(client, ada):
    fail(client, 1)
    sign_up(client, "grace@example.com")
    client.post(FORGOTTEN, {"email": "ada@example.com"})

    keys = [key for (key,) in execute("SELECT cache_key FROM everafter_cache")]
    assert keys
    assert not [key for key in keys if "example.com" in key]
