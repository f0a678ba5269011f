import stat

import pytest
from django.core.mail import EmailMultiAlternatives

from demo import mailbox


@pytest.fixture(autouse=True)
def empty_mailbox(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def send(subject="Welcome", text="Hello", html=None):
    message = EmailMultiAlternatives(subject, text, "hello@everafter.example", ["ada@example.com"])
    if html:
        message.attach_alternative(html, "text/html")
    return mailbox.Backend().send_messages([message])


def test_a_mail_is_read_as_it_was_sent():
    assert send("Schön, dass ihr da seid", "Grüße", "<p>Grüße</p>") == 1
    (mail,) = mailbox.newest_first()
    assert mail.subject == "Schön, dass ihr da seid"
    assert mail.to == "ada@example.com"
    assert (mail.text.strip(), mail.html.strip()) == ("Grüße", "<p>Grüße</p>")
    assert mailbox.find(mail.name) == mail


def test_a_mail_without_html_has_none():
    send()
    assert mailbox.newest_first()[0].html == ""


def test_the_newest_comes_first():
    for subject in ("one", "two", "three"):
        send(subject)
    assert [mail.subject for mail in mailbox.newest_first()] == ["three", "two", "one"]


def test_an_empty_mailbox_is_no_error():
    assert mailbox.newest_first() == []
    assert mailbox.find("nothing") is None


def test_mails_are_for_the_owner_of_the_checkout():
    send()
    assert stat.S_IMODE(mailbox.folder().stat().st_mode) == 0o700


def test_a_mail_that_is_still_being_written_is_not_read(tmp_path):
    send()
    (tmp_path / "mail" / "20260101-half.part").write_bytes(b"Subject: half")
    assert len(mailbox.newest_first()) == 1
