"""Whatever somebody else answers in a vendor's name, the outcome has one of our words."""

from uuid import uuid4

import pytest
from werkzeug import Response
from werkzeug.serving import make_server

from accounts.clients.contacts import Contact, contacts
from accounts.clients.identity import identities
from accounts.clients.mail import Mail, send
from accounts.clients.outcomes import Rejected, Unknown, VendorError
from accounts.clients.payments import payments
from tests.rivals import in_threads

UID = uuid4()
KEY = "a_secret_key"
OF_NEED = {
    "STRIPE_API_KEY": KEY,
    "RESEND_CONTACTS_KEY": KEY,
    "RESEND_SENDING_KEY": KEY,
    "SUPABASE_SERVICE_KEY": KEY,
}
PAID = {"customer": "c", "user": "u", "price": "p", "success_url": "s", "cancel_url": "c"}
ADA = {"email": "ada@example.com", "first_name": "Ada", "last_name": "L", "unsubscribed": False}
# What reads something of the answer. The others only ask for a success.
READING = {
    "a new customer": lambda: payments().create_customer(email="a", name="b", user="c", key="k"),
    "a checkout": lambda: payments().start_checkout(**PAID, key="k"),
    "open checkouts": lambda: list(payments().open_checkouts(customer="c")),
    "subscriptions": lambda: list(payments().subscriptions()),
    "events": lambda: list(payments().events(since=1)),
    "a contact": lambda: contacts().find("c"),
    "a new contact": lambda: contacts().put(**ADA),
    "a changed contact": lambda: contacts().set(Contact("c", **ADA)),
    "contacts": lambda: list(contacts().all()),
    "segments": lambda: contacts().segments("c"),
    "topics": lambda: contacts().topics("c"),
    "an identity": lambda: identities().find(UID),
    "identities": lambda: list(identities().all()),
}
ALL = READING | {
    "a customer": lambda: payments().customer("c"),
    "a closed checkout": lambda: payments().expire_checkout("c", key="k"),
    "a renewal": lambda: payments().set_renewal("s", renews=True, key="k"),
    "an end": lambda: payments().end_subscription("s"),
    "a removed contact": lambda: contacts().remove("c"),
    "a new identity": lambda: identities().create(UID, email="a", is_verified=True),
    "a ban": lambda: identities().ban(UID),
    "a mail": lambda: send(Mail("ada@example.com", "s", "t"), key="k"),
}
# What is asked for one by their id or address.
OF_ONE = {
    "a customer": lambda: payments().customer("c"),
    "a subscription": lambda: payments().subscription("s"),
    "a contact by id": lambda: contacts().find("c"),
    "a contact by address": lambda: contacts().find("ada@example.com"),
    "an identity": lambda: identities().find(UID),
}
ODD = [
    b"{}",
    b'{"id": null, "data": null, "users": null}',
    b'{"id": 1, "object": "list", "data": 5, "users": 5}',
    b'{"id": [], "object": "list", "data": [5], "users": [5]}',
    b'{"id": {}, "object": "list", "data": [{}], "users": [{}]}',
    b'{"id": "", "email": [], "banned_until": 5, "data": {"a": 1}, "users": "abc"}',
]
BROKEN = [
    b"",
    b"[]",
    b'"x"',
    b'{"id": "\xff"}',
    b'{"a":' * 5000,
    b'{"id": ' + b"9" * 5000 + b"}",
]


@pytest.fixture
def answers(settings, monkeypatch):
    """Of any call: `answers(body, status, headers)`. Gives the paths that were asked."""
    monkeypatch.setattr("accounts.clients.contacts.APART", 0)
    told, asked = {}, []

    def somebody(environ, start_response):
        asked.append(environ["PATH_INFO"])
        return Response(**told)(environ, start_response)

    server = make_server("127.0.0.1", 0, somebody, threaded=True)
    for name in ("STRIPE_API_URL", "RESEND_API_URL", "SUPABASE_URL"):
        setattr(settings, name, f"http://127.0.0.1:{server.port}")
    for name, key in OF_NEED.items():
        setattr(settings, name, key)

    def answer(response=b"", status=200, headers=None):
        told.update(response=response, status=status, headers=headers)
        return asked

    with in_threads() as start:
        start(server.serve_forever, poll_interval=0.01)
        yield answer
        server.shutdown()
    server.server_close()


@pytest.mark.parametrize("call", READING.values(), ids=READING)
@pytest.mark.parametrize("body", ODD)
def test_a_success_of_another_shape_tells_nothing(answers, call, body):
    answers(body)

    with pytest.raises((Unknown, Rejected), match=r"not_understood|no_list"):
        call()


@pytest.mark.parametrize("call", OF_ONE.values(), ids=OF_ONE)
def test_an_answer_about_somebody_else_tells_nothing(answers, call):
    """Whoever took it for an answer would ban, free, mute, remove or export somebody else."""
    answers(f'{{"id": "{uuid4()}", "email": "eve@example.com", "unsubscribed": false}}'.encode())

    with pytest.raises(Unknown, match="of_another"):
        call()


@pytest.mark.parametrize("id", ["a\\u0000b", "\\ud800", "x" * 256])
def test_an_id_that_no_table_could_keep_tells_nothing(answers, id):
    row = f'{{"id": "{id}", "email": "a@example.com", "unsubscribed": false}}'
    answers(f'{{"object": "list", "data": [{row}]}}'.encode())

    with pytest.raises(Unknown, match="not_understood"):
        list(contacts().all())


@pytest.mark.parametrize("call", ALL.values(), ids=ALL)
def test_what_is_no_object_is_unknown_whatever_was_asked(answers, call):
    for body in BROKEN:
        answers(body)
        with pytest.raises(Unknown):
            call()


@pytest.mark.parametrize("call", ALL.values(), ids=ALL)
def test_an_error_of_another_shape_has_one_of_our_words(answers, call):
    for status in (400, 404, 500):
        for body in (*BROKEN[3:5], b'{"error": "x"}', b'{"error": [], "name": {}, "code": 5}'):
            answers(body, status)
            with pytest.raises(VendorError) as raised:
                call()
            assert KEY not in f"{raised.value!r} {raised.value}"


@pytest.mark.parametrize("call", ALL.values(), ids=ALL)
def test_a_broken_encoding_is_unknown(answers, call):
    answers(b"not packed at all", headers={"Content-Encoding": "gzip"})

    with pytest.raises(Unknown):
        call()


@pytest.mark.parametrize("call", ALL.values(), ids=ALL)
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed(answers, call, status):
    asked = answers(b"{}", status, {"Location": "/elsewhere"})

    with pytest.raises(Rejected) as raised:
        call()

    assert (raised.value.is_for_everybody, "/elsewhere" in asked) == (True, False)


def test_a_ban_without_a_time_zone_is_one_in_utc(answers):
    answers(
        b'{"id": "%s", "email": "a", "banned_until": "2026-01-01T00:00:00"}' % str(UID).encode()
    )

    assert not identities().find(UID).is_banned
