import smtplib
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core import mail
from django.db.models.functions import Now
from django.test import RequestFactory

from accounts.actors import VISITOR
from accounts.effects import REFUSED_TO_ALL, deliver_mail
from accounts.mail import enqueue_mail, link, render, send_mail
from accounts.simulators.faults import Fault
from integrity.models import OutboxMessage
from integrity.outbox import Message, Permanent, TryAgain
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

    @pytest.mark.parametrize(("code", "error"), [(550, Permanent), (450, TryAgain)])
    def test_only_a_lasting_refusal_of_the_address_is_final(self, monkeypatch, code, error):
        def refuse(self, messages):
            raise smtplib.SMTPRecipientsRefused({"ada@example.com": (code, b"no")})

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)

        with pytest.raises(error):
            deliver_mail(message())


class TestDeliveryByResend:
    def promised(self):
        send_mail(kind="test", sealed=SEALED, key="once", by=VISITOR)
        return OutboxMessage.objects.get()

    def test_it_leaves_under_the_id_of_its_row(self, vendors):
        promised = self.promised()

        assert deliver_due().count == 1

        (sent,) = vendors.resend.effects("email.sent")
        assert sent.details == {"key": str(promised.uid)}
        assert not mail.outbox

    def test_a_lost_answer_sends_no_second_mail(self, vendors):
        vendors.resend.faults.add(Fault("reset_after"))
        self.promised()

        assert deliver_due().retried == 1
        assert OutboxMessage.objects.get().last_error.startswith("TryAgain: resend emails.send")
        OutboxMessage.objects.update(available_at=Now())

        assert deliver_due().count == 1
        assert len(vendors.resend.effects("email.sent")) == 1

    @pytest.mark.parametrize(("status", "wait"), [(429, 7), (401, REFUSED_TO_ALL)])
    def test_a_pause_is_taken_and_no_mail_is_blamed(self, vendors, status, wait):
        vendors.resend.faults.add(Fault("status", status=status, headers={"Retry-After": "7"}))
        promised = self.promised()

        assert deliver_due().retried == 1

        waiting = OutboxMessage.objects.get()
        assert waiting.attempts == 0
        pause = (waiting.available_at - promised.available_at).total_seconds()
        assert wait <= pause < wait + 60

    def test_what_is_refused_is_given_up(self, vendors):
        vendors.resend.faults.add(Fault("status", status=422))
        self.promised()

        assert deliver_due().dead == 1

    @pytest.mark.parametrize(("attempts", "state"), [(1, "dead"), (0, None)])
    def test_only_what_may_have_left_a_day_ago_is_parked(self, vendors, attempts, state):
        promised = self.promised()
        long_ago = promised.created_at - timedelta(hours=24)
        OutboxMessage.objects.update(attempts=attempts, created_at=long_ago)

        deliver_due()

        assert [message.state for message in OutboxMessage.objects.all()] == [state] * attempts
        assert len(vendors.resend.effects("email.sent")) == 1 - attempts


def test_what_allauth_writes_by_itself_goes_through_the_outbox():
    ada = CoupleFactory(email="ada@example.com", address__verified=True)
    request = RequestFactory().get("/")
    request.user = ada
    with context.request_context(request):
        get_adapter(request).send_notification_mail("mfa/email/totp_activated", ada)

    assert mailbox.kinds() == [("mfa/email/totp_activated", "ada@example.com")]
    assert not mail.outbox
