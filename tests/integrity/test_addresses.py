"""Alerts reach a web server, a mail server and the site's own mail, and no secret leaves by a log."""

import logging
import socket
import sys
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller
from django.core import mail

from integrity.addresses import Address, NotInstalled, Text, addresses, is_usable, send
from integrity.outbox import Permanent, TryAgain
from tests.integrity.hearing import listening

TEXT = Text("CRITICAL toy.holds", "It holds.\nViolations: 2.", "failure")
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"


@pytest.fixture
def ear():
    with listening() as ear:
        yield ear


@pytest.fixture
def letters():
    """What a mail server got."""
    got = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            got.append((envelope, message_from_bytes(envelope.content, policy=policy.default)))
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    yield SimpleNamespace(got=got, port=port)
    controller.stop()


@pytest.fixture
def without_apprise(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)


def test_a_web_server_gets_the_whole_message(ear):
    send(Address(f"json://{ear.place}/x"), TEXT)

    [heard] = ear.heard
    assert (heard["title"], heard["message"], heard["type"]) == (TEXT.title, TEXT.body, "failure")


def test_a_mail_server_gets_it_as_a_mail(letters):
    to = f"mailto://127.0.0.1:{letters.port}?from=site@a.example&to=ops@b.example&mode=insecure"
    send(Address(to), TEXT)

    [(envelope, letter)] = letters.got
    assert envelope.rcpt_tos == ["ops@b.example"]
    assert letter["subject"] == TEXT.title
    assert "Violations: 2." in letter.get_body(("plain", "html")).get_content()


def test_a_plain_address_gets_it_by_the_sites_own_mail_without_apprise(without_apprise):
    send(Address("ops@b.example"), TEXT)

    [letter] = mail.outbox
    assert (letter.to, letter.subject, letter.body) == (["ops@b.example"], TEXT.title, TEXT.body)
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


class TestWhatFails:
    def test_comes_again_if_the_server_refuses_now(self, ear):
        ear.status = 503

        with pytest.raises(TryAgain, match=r"^json-[0-9a-f]{6} did not take it$"):
            send(Address(f"json://{ear.place}/x"), TEXT)

    def test_comes_again_if_nobody_is_there(self):
        with pytest.raises(TryAgain):
            send(Address("json://127.0.0.1:9/x"), TEXT)

    def test_comes_again_if_the_mail_server_is_down(self, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

        with pytest.raises(TryAgain, match="ConnectionRefusedError"):
            send(Address("ops@b.example"), TEXT)

    @pytest.mark.parametrize("text", ["slack://nonsense", "nonsense://x", "://"])
    def test_is_given_up_if_nobody_can_understand_the_address(self, text):
        with pytest.raises(Permanent, match="not an address that Apprise understands"):
            send(Address(text), TEXT)

    def test_is_given_up_without_apprise(self, without_apprise):
        with pytest.raises(Permanent, match="pip install apprise"):
            send(Address(SLACK), TEXT)


def test_nothing_of_an_address_is_logged(ear, caplog):
    caplog.set_level(logging.DEBUG)
    ear.status = 500
    for text in (f"json://ann:hush@{ear.place}/secret", "slack://nonsense"):
        with pytest.raises((TryAgain, Permanent)):
            send(Address(text), TEXT)

    assert "hush" not in caplog.text
    assert not [record for record in caplog.records if record.name == "apprise"]
    assert not logging.getLogger("apprise").disabled


class TestALabel:
    @pytest.mark.parametrize(
        ("text", "kind"),
        [(SLACK, "slack"), ("ops@b.example", "mail"), ("JSON://x", "json"), ("://x", "?")],
    )
    def test_says_the_kind_and_nothing_else_of_the_address(self, text, kind):
        assert Address(text).label.startswith(f"{kind}-")
        assert len(Address(text).label) == len(kind) + 7

    def test_tells_two_of_a_kind_apart_and_is_all_that_is_ever_printed(self):
        one, other = Address(SLACK), Address(f"{SLACK}2")
        assert one.label != other.label
        assert "TIiajk" not in f"{one!r} {one.label}"


def test_an_address_that_is_set_twice_is_told_once(settings):
    settings.INTEGRITY = {**settings.INTEGRITY, "ALERT_ADDRESSES": [SLACK, "a@b.example", SLACK]}

    assert [each.text for each in addresses()] == [SLACK, "a@b.example"]


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        (SLACK, True),
        ("mailtos://ann:pw@b.example", True),
        ("ops@b.example", True),
        ("slack://nonsense", False),
        ("nonsense://x", False),
        ("ops", False),
        ("ops@", False),
    ],
)
def test_whether_it_can_be_understood_is_known_without_sending(text, usable):
    assert is_usable(Address(text)) is usable


def test_whether_apprise_is_there_matters_only_to_who_needs_it(without_apprise):
    assert is_usable(Address("ops@b.example"))
    with pytest.raises(NotInstalled):
        is_usable(Address(SLACK))
