import pytest

from accounts.clients.mail import Mail, send
from accounts.simulators.mail_folder import into
from demo import mailbox


@pytest.fixture(autouse=True)
def folder(vendors, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    vendors.resend.deliver = into(mailbox.folder())
    yield
    vendors.resend.deliver = None


def test_what_resend_took_is_in_the_demos_mailbox():
    send(Mail(to="ada@example.com", subject="Grüße", text="Hallo\n", html="<p>Hallo</p>"), key="k")

    (mail,) = mailbox.newest_first()
    assert (mail.to, mail.subject) == ("ada@example.com", "Grüße")
    assert (mail.text.strip(), mail.html.strip()) == ("Hallo", "<p>Hallo</p>")
