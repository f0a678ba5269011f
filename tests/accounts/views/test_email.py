import uuid

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.accounts.pages import EMAIL, LOG_IN, is_logged_in, log_in, press
from tests.factories import PASSWORD, CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "ada@example.com", "new@example.com"


@pytest.fixture
def ada(client):
    user = CoupleFactory(email=OLD, address__verified=True)
    log_in(client)
    return user


def ask(client, email=NEW, password=PASSWORD, **data):
    return client.post(EMAIL, {"action_add": "1", "email": email, "password": password, **data})


def link_to(address):
    return next(mail for mail in mailbox.promised() if mail.to == address)


class TestChanging:
    def test_both_mailboxes_hear_of_it_and_the_new_one_decides(self, client, ada):
        assert ask(client).url == EMAIL
        page = client.get(EMAIL).content.decode()
        assert OLD in page
        assert NEW in page

        press(client, link_to(NEW))

        assert User.objects.get().email == NEW
        assert [mail.kind for mail in mailbox.promised() if mail.to == OLD] == [
            "email_change_requested",
            "email_changed",
        ]
        assert_every_invariant_holds()

    def test_this_browser_goes_on_and_every_other_ends(self, client, other_client, ada):
        log_in(other_client)
        ask(client)

        press(client, link_to(NEW))

        assert is_logged_in(client)
        assert not is_logged_in(other_client)

    def test_from_another_browser_every_session_ends(self, client, other_client, ada):
        ask(client)

        assert press(other_client, link_to(NEW)).url == LOG_IN

        assert not is_logged_in(client)
        assert not is_logged_in(other_client)

    def test_the_password_has_to_be_known(self, client, ada):
        answer = ask(client, password="wrong")

        assert list(answer.context["form"].errors) == ["password"]
        assert not mailbox.promised()

    @pytest.mark.parametrize("email", ["ada", "ADA@example.com", "\u212aevin@example.com"])
    def test_what_is_no_new_address_is_said_at_the_field(self, client, ada, email):
        assert list(ask(client, email).context["form"].errors) == ["email"]

    def test_a_double_click_asks_once(self, client, ada):
        operation = str(uuid.uuid4())

        first = ask(client, operation=operation)
        second = ask(client, operation=operation)

        assert (first.status_code, first.url) == (second.status_code, second.url)
        assert len(mailbox.promised()) == 2

    def test_once_a_minute(self, client, ada):
        ask(client)

        assert "less than a minute ago" in ask(client).content.decode()

    def test_the_link_is_sent_again(self, client, ada):
        ask(client)
        mailbox.forget()
        mailbox.a_minute_later()

        client.post(EMAIL, {"action_send": "1", "email": NEW})

        assert mailbox.kinds() == [("email_change", NEW)]

    def test_the_old_one_is_kept(self, client, ada):
        ask(client)

        client.post(EMAIL, {"action_remove": "1", "email": NEW})

        assert EmailAddress.objects.get(user=ada).email == OLD

    def test_somebody_elses_address_can_neither_be_resent_nor_removed(self, client, ada):
        CoupleFactory(email="grace@example.com")

        for action in ("action_send", "action_remove", "action_primary"):
            client.post(EMAIL, {action: "1", "email": "grace@example.com"})

        assert EmailAddress.objects.filter(email="grace@example.com").exists()
        assert not mailbox.promised()
