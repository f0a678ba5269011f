import pytest
from django.urls import reverse

from accounts.models import User
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.accounts.pages import FORGOTTEN, LOG_IN, NEW_PASSWORD, is_logged_in, log_in
from tests.factories import PASSWORD, CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "a rather new password"
DEAD = "This link does not work any more"


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com", address__verified=True)


def link_for(client, email="ada@example.com"):
    """Ask for a link and follow it to the page with the form."""
    assert client.post(FORGOTTEN, {"email": email}).status_code == 302
    return client.get(mailbox.last().path).url


class TestForgotten:
    def test_the_link_leads_to_a_new_password(self, client, ada):
        answer = client.post(link_for(client), {"password1": NEW})

        assert answer.url == reverse("account_reset_password_from_key_done")
        assert mailbox.kinds()[-1] == ("password_changed", "ada@example.com")
        log_in(client, password=NEW)
        assert is_logged_in(client)
        assert_every_invariant_holds()

    def test_looking_at_the_link_uses_nothing_up(self, client, other_client, ada):
        path = link_for(client)
        link_path = mailbox.last().path

        for _ in range(2):
            assert other_client.get(link_path).status_code == 302

        assert client.post(path, {"password1": NEW}).status_code == 302

    def test_whoever_else_is_logged_in_here_is_logged_out_by_the_button_only(
        self, client, other_client, ada
    ):
        path = link_for(client)
        link_path = mailbox.last().path
        CoupleFactory(email="grace@example.com", address__verified=True)
        log_in(other_client, "grace@example.com")

        other_client.get(link_path, follow=True)
        assert is_logged_in(other_client)

        assert other_client.post(path, {"password1": NEW}).status_code == 302
        assert not is_logged_in(other_client)

    def test_the_link_works_once(self, client, other_client, ada):
        path = link_for(client)
        link_path = mailbox.last().path
        client.post(path, {"password1": NEW})

        assert DEAD in other_client.get(link_path).content.decode()
        assert DEAD in client.post(path, {"password1": "yet another one"}).content.decode()
        assert User.objects.get().check_password(NEW)

    def test_a_double_click_is_answered_as_success_and_mailed_once(self, client, ada, monkeypatch):
        path = link_for(client)
        mailbox.forget()
        # Both clicks passed the look at the link before either of them had written.
        monkeypatch.setattr(
            "django.contrib.auth.tokens.PasswordResetTokenGenerator.check_token",
            lambda self, user, token: True,
        )
        stale = User.objects.get()
        monkeypatch.setattr("allauth.account.forms.UserTokenForm._get_user", lambda *_: stale)

        first = client.post(path, {"password1": NEW})
        stale.password = ada.password
        second = client.post(path, {"password1": NEW})

        assert (first.status_code, first.url) == (second.status_code, second.url)
        assert len(mailbox.promised()) == 1

    def test_every_session_ends(self, client, other_client, ada):
        log_in(other_client)

        client.post(link_for(client), {"password1": NEW})

        assert not is_logged_in(other_client)

    def test_the_mail_leads_to_this_site_whatever_host_was_asked(self, client, ada, settings):
        settings.ALLOWED_HOSTS = ["evil.example"]
        client.post(FORGOTTEN, {"email": "ada@example.com"}, headers={"host": "evil.example"})

        assert "evil.example" not in mailbox.last().text

    def test_failed_log_ins_no_longer_count(self, client, ada):
        for _ in range(5):
            log_in(client, password="wrong")
        log_in(client)
        assert not is_logged_in(client)

        client.post(link_for(client), {"password1": NEW})
        log_in(client, password=NEW)

        assert is_logged_in(client)

    def test_a_weak_one_is_said_at_the_field(self, client, ada):
        answer = client.post(link_for(client), {"password1": "password"})

        assert list(answer.context["form"].errors) == ["password1"]


class TestChanging:
    def test_this_browser_goes_on_and_every_other_ends(self, client, other_client, ada):
        log_in(client)
        log_in(other_client)
        before = client.cookies["sessionid"].value

        answer = client.post(NEW_PASSWORD, {"oldpassword": PASSWORD, "password1": NEW})

        assert answer.url == reverse("accounts_home")
        assert is_logged_in(client)
        assert client.cookies["sessionid"].value != before
        assert not is_logged_in(other_client)
        assert mailbox.kinds() == [("password_changed", "ada@example.com")]

    def test_the_present_one_has_to_be_known(self, client, ada):
        log_in(client)

        answer = client.post(NEW_PASSWORD, {"oldpassword": "wrong", "password1": NEW})

        assert list(answer.context["form"].errors) == ["oldpassword"]
        assert User.objects.get().check_password(PASSWORD)

    def test_it_is_for_those_who_are_logged_in(self, client):
        assert client.post(NEW_PASSWORD).url.startswith(LOG_IN)

    def test_another_page_of_mine_was_faster(self, client, ada, monkeypatch):
        client.force_login(ada)

        def slower(self):
            User.objects.update(password="another one")
            return "hash"

        monkeypatch.setattr("accounts.forms.NewPasswordForm.password_hash", property(slower))

        answer = client.post(NEW_PASSWORD, {"oldpassword": PASSWORD, "password1": NEW})

        assert answer.url == LOG_IN
        assert User.objects.get().password == "another one"


def test_what_the_form_does_not_ask_is_not_taken(client):
    couple = CoupleFactory(address__verified=True)
    client.force_login(couple)

    client.post(
        NEW_PASSWORD,
        {"oldpassword": PASSWORD, "password1": NEW, "email": "x@example.com", "is_staff": "on"},
    )

    couple.refresh_from_db()
    assert not couple.is_staff
    assert couple.email != "x@example.com"
