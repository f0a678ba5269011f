import smtplib
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core import mail
from django.test import RequestFactory

from accounts.actors import VISITOR
from accounts.effects import deliver_mail
from accounts.mail import enqueue_mail, link, render, send_mail
from integrity.models import OutboxMessage
from integrity.outbox import Message, Permanent
from integrity.relay import deliver_due
from integrity.transactions import TransactionRequired, transaction
from tests import mailbox
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)

TEMPLATES = Path("accounts/templates/accounts/mail")
KINDS = sorted(path.name.removesuffix(".subject.txt") for path in TEMPLATES.glob("*.subject.txt"))
VALUES = {
    name: f"https://everafter.example/{name}/?a=1&b=2"
    for name in ("link", "login_link", "reset_link", "signup_link")
} | {"days": 3, "new_email": "o'neil&co@example.com"}
SEALED = {"to": "ada@example.com", "subject": "Hello", "text": "Hello Ada", "html": "<p>Ada</p>"}


def message(**sealed):
    return Message("accounts.mail", "key", {}, SEALED | sealed, 0, "2c5ea4c0")


class TestTemplates:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_mail_has_a_subject_and_both_bodies_that_lead_to_the_same(self, kind):
        rendered = render(kind, to="ada@example.com", context=VALUES)

        assert rendered["subject"]
        assert "\n" not in rendered["subject"]
        links = [url for url in VALUES.values() if str(url).startswith("http")]
        used = [url for url in links if url in rendered["text"]]
        assert used == [url for url in links if url.replace("&", "&amp;") in rendered["html"]]

    @pytest.mark.parametrize("kind", KINDS)
    def test_text_is_no_html(self, kind):
        rendered = render(kind, to="ada@example.com", context=VALUES)

        assert "&amp;" not in rendered["text"]
        assert "<" not in rendered["text"]

    def test_html_escapes_what_people_typed(self):
        rendered = render("email_changed", to="ada@example.com", context={"new_email": "<b>@x"})

        assert "<b>@x" not in rendered["html"]


def test_links_lead_to_the_site_whatever_host_was_asked(settings):
    settings.SITE_URL = "https://everafter.example"

    assert link("account_login") == "https://everafter.example/login/"


def test_a_mail_is_promised_only_inside_something_whole():
    with pytest.raises(TransactionRequired):
        enqueue_mail("welcome", to="ada@example.com", key="welcome")


def test_only_ids_are_readable_while_it_waits():
    ada = CoupleFactory(email="ada@example.com")
    with transaction():
        enqueue_mail("welcome", to=ada.email, key=f"welcome:{ada.uid}", about=ada)

    waiting = OutboxMessage.objects.get()
    assert waiting.payload == {"kind": "welcome", "user": str(ada.uid)}
    assert b"ada@" not in bytes(waiting.sealed)
    assert "ada@" not in waiting.key


class TestDelivery:
    def test_it_arrives_with_both_bodies_and_is_forgotten(self):
        send_mail(kind="test", sealed=SEALED, key="once", by=VISITOR)

        assert deliver_due().count == 1

        (arrived,) = mail.outbox
        assert (arrived.to, arrived.subject, arrived.body) == (
            ["ada@example.com"],
            "Hello",
            "Hello Ada",
        )
        assert arrived.alternatives[0].content == "<p>Ada</p>"
        assert not OutboxMessage.objects.exists()

    def test_a_second_attempt_carries_the_same_id(self):
        deliver_mail(message())
        deliver_mail(message())

        first, second = (each.extra_headers["Message-ID"] for each in mail.outbox)
        assert first == second == "<2c5ea4c0@localhost>"

    @pytest.mark.parametrize(
        ("code", "error"), [(550, Permanent), (450, smtplib.SMTPRecipientsRefused)]
    )
    def test_only_a_lasting_refusal_of_the_address_is_final(self, monkeypatch, code, error):
        def refuse(self, messages):
            raise smtplib.SMTPRecipientsRefused({"ada@example.com": (code, b"no")})

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)

        with pytest.raises(error):
            deliver_mail(message())


def test_what_allauth_writes_by_itself_goes_through_the_outbox():
    ada = CoupleFactory(email="ada@example.com", address__verified=True)
    request = RequestFactory().get("/")
    request.user = ada
    with context.request_context(request):
        get_adapter(request).send_notification_mail("mfa/email/totp_activated", ada)

    assert mailbox.kinds() == [("mfa/email/totp_activated", "ada@example.com")]
    assert not mail.outbox
