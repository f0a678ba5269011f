import smtplib
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.utils import timezone

from accounts.clients.mail import KEY_LASTS, Mail, MayHaveLeft, send
from accounts.clients.outcomes import NotSent, Rejected, Unknown, VendorError
from accounts.simulators.faults import Fault
from tests.contracts import published

HELLO = Mail(to="ada@example.com", subject="Hello", text="Hello Ada", html="<p>Hello Ada</p>")


class TestResend:
    def test_it_leaves_once_however_often_it_is_tried(self, vendors):
        vendors.resend.faults.add(Fault("reset_after"))
        with pytest.raises(Unknown):
            send(HELLO, key="0b1d")
        send(HELLO, key="0b1d")

        (sent,) = vendors.resend.state["emails"].values()
        assert (sent["to"], sent["subject"]) == (["ada@example.com"], "Hello")
        assert (sent["text"], sent["html"]) == (HELLO.text, HELLO.html)
        assert not django_mail.outbox

    def test_another_mail_under_the_same_key_is_our_mistake(self, vendors):
        send(HELLO, key="0b1d")

        with pytest.raises(Rejected, match="invalid_idempotent_request"):
            send(Mail(to="eve@example.com", subject="Hello", text="Hello"), key="0b1d")

    def test_it_is_not_tried_again_when_the_key_may_be_forgotten(self, vendors):
        long_ago = timezone.now() - KEY_LASTS - timedelta(seconds=1)

        with pytest.raises(MayHaveLeft, match="look for it at Resend"):
            send(HELLO, key="0b1d", tried_since=long_ago)
        assert not vendors.resend.calls

    def test_a_first_try_may_come_late(self, vendors):
        send(HELLO, key="0b1d", tried_since=None)

        assert vendors.resend.effects("email.sent")

    @published.needed
    @pytest.mark.parametrize(
        "sample",
        [one for one in published.samples("resend") if one["operation"] == "emails.send"],
        ids=lambda one: one["body"]["name"],
    )
    def test_the_vendors_own_errors_mean_what_they_say(self, vendors, sample):
        vendors.resend.faults.add(Fault("status", status=sample["status"], body=sample["body"]))

        with pytest.raises(VendorError) as error:
            send(HELLO, key="0b1d")

        assert error.value.outcome == sample["class"]

    def test_a_quota_is_refused_for_everybody(self, vendors):
        body = {"statusCode": 429, "name": "daily_quota_exceeded", "message": ""}
        vendors.resend.faults.add(Fault("status", status=429, body=body))

        with pytest.raises(Rejected) as error:
            send(HELLO, key="0b1d")

        assert error.value.is_for_everybody


class TestMailServer:
    def test_both_bodies_arrive_under_one_id(self):
        send(HELLO, key="0b1d")
        send(HELLO, key="0b1d")

        first, second = django_mail.outbox
        assert (first.body, first.alternatives[0].content) == (HELLO.text, HELLO.html)
        assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]

    @pytest.mark.parametrize(
        ("error", "wanted"),
        [
            (smtplib.SMTPRecipientsRefused({"ada@example.com": (550, b"no")}), Rejected),
            (smtplib.SMTPRecipientsRefused({"ada@example.com": (450, b"later")}), NotSent),
            (smtplib.SMTPAuthenticationError(535, b"who?"), NotSent),
            (ConnectionRefusedError(), NotSent),
            (smtplib.SMTPServerDisconnected(), Unknown),
            (TimeoutError(), Unknown),
        ],
        ids=lambda each: getattr(each, "__name__", type(each).__name__),
    )
    def test_what_goes_wrong_has_one_meaning(self, monkeypatch, error, wanted):
        def fail(self, messages):
            raise error

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)

        with pytest.raises(wanted) as raised:
            send(HELLO, key="0b1d")
        assert "@" not in str(raised.value)
