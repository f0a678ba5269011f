import uuid

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.actors import VISITOR, acting
from accounts.addresses.requesting import request_email_change
from accounts.models import User
from accounts.signup import sign_up as make_account
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.accounts.pages import (
    ACCOUNT,
    LOG_IN,
    OTHER_ADDRESS,
    RESEND,
    WAITING,
    is_logged_in,
    log_in,
    press,
    sign_up,
)
from tests.factories import PASSWORD, CoupleFactory, OnboardedCoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)

DEAD = "This link does not work any more"


def text(answer):
    return answer.content.decode()


class TestTheLink:
    def test_looking_at_it_changes_nothing(self, client):
        sign_up(client)
        mail = mailbox.last()

        client.get(mail.path)
        client.head(mail.path)

        assert not EmailAddress.objects.get().verified

    def test_a_used_one_is_dead_and_offers_another(self, client, other_client):
        sign_up(client)
        mail = mailbox.last()
        press(client, mail)

        for answer in (other_client.get(mail.path), other_client.post(mail.path)):
            assert DEAD in text(answer)
            assert reverse("accounts_verify_resend") in text(answer)

    def test_an_old_one_is_dead_and_one_click_brings_a_new_one(
        self, client, other_client, settings
    ):
        sign_up(client)
        mail = mailbox.last()
        mailbox.forget()
        mailbox.a_minute_later()
        settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = -1

        for answer in (other_client.get(mail.path), other_client.post(mail.path)):
            assert DEAD in text(answer)

        settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
        key = answer.context["key"]
        other_client.post(RESEND, {"key": key})

        assert mailbox.kinds() == [("verify", "ada@example.com")]
        assert press(other_client, mailbox.last()).url == LOG_IN
        assert_every_invariant_holds()

    def test_a_used_a_foreign_and_a_taken_one_look_alike(self, client, other_client):
        ada = CoupleFactory(email="ada@example.com", address__verified=True)
        request_email_change(user=ada, email="new@example.com", by=acting(ada))
        # Somebody signs up with the address before Ada looks at her mail.
        mail = mailbox.promised()[0]
        make_account(email="new@example.com", password_hash="hash", by=VISITOR)
        taken = other_client.post(mail.path, {"operation": str(uuid.uuid4())})

        sign_up(client, "grace@example.com")
        used = mailbox.last()
        press(client, used)
        pages = [
            text(taken),
            text(other_client.get(used.path)),
            text(other_client.get("/verify/x/")),
        ]

        assert len({without_keys(page) for page in pages}) == 1
        assert User.objects.filter(email="ada@example.com").exists()

    def test_a_double_click_on_the_button_is_answered_twice_the_same(self, client, other_client):
        sign_up(client)
        mail = mailbox.last()
        operation = {"operation": str(uuid.uuid4())}

        first = other_client.post(mail.path, operation)
        second = other_client.post(mail.path, operation)

        assert (first.status_code, first.url) == (second.status_code, second.url) == (302, LOG_IN)

    def test_whoever_else_is_logged_in_here_is_logged_out_by_the_button_only(self, client):
        grace = OnboardedCoupleFactory()
        client.force_login(grace)
        make_account(email="ada@example.com", password_hash="hash", by=VISITOR)
        mail = mailbox.last()

        client.get(mail.path)
        assert is_logged_in(client)

        press(client, mail)
        assert not is_logged_in(client)


class TestAskingAgain:
    def test_it_is_sent_again_after_a_minute(self, client):
        sign_up(client)

        client.post(RESEND)
        assert len(mailbox.promised()) == 1
        assert "less than a minute ago" in text(client.get(WAITING))

        mailbox.forget()
        mailbox.a_minute_later()
        client.post(RESEND)
        assert mailbox.kinds() == [("verify", "ada@example.com")]

    def test_a_forged_key_sends_nothing_and_is_answered_alike(self, client):
        answer = client.post(RESEND, {"key": "forged"})

        assert (answer.status_code, answer.url) == (302, LOG_IN)
        assert not mailbox.promised()

    def test_without_a_sign_up_here_it_leads_to_the_log_in(self, client):
        assert client.post(RESEND).url == LOG_IN
        assert client.get(WAITING).url == LOG_IN
        assert client.post(OTHER_ADDRESS, {"email": "ada@example.com"}).url == LOG_IN

    def test_logging_in_before_the_proof_is_refused_and_sends_the_link(self, client, other_client):
        """Told apart from a wrong password, it would tell which addresses have an account."""
        sign_up(client)
        mailbox.forget()
        mailbox.a_minute_later()

        assert "open the link in our mail first" in text(log_in(other_client))
        assert mailbox.kinds() == [("verify", "ada@example.com")]
        assert not is_logged_in(other_client)
        assert press(other_client, mailbox.last()).url == LOG_IN
        assert log_in(other_client).url == reverse("onboarding_home")


class TestAnotherAddress:
    def test_the_link_goes_there_and_leads_straight_on(self, client):
        sign_up(client, "aad@example.com")

        answer = client.post(OTHER_ADDRESS, {"email": "ada@example.com"})

        assert answer.url == WAITING
        assert "ada@example.com" in text(client.get(WAITING))
        assert press(client, mailbox.last()).url == reverse("onboarding_home")
        assert User.objects.get().email == "ada@example.com"
        assert_every_invariant_holds()

    def test_after_a_sign_up_with_a_known_address_the_account_is_made_now(self, client):
        CoupleFactory(email="aad@example.com", address__verified=True)
        sign_up(client, "aad@example.com")

        client.post(OTHER_ADDRESS, {"email": "ada@example.com"})

        assert User.objects.get(email="ada@example.com").check_password(PASSWORD)
        assert mailbox.kinds()[-1] == ("verify", "ada@example.com")
        assert press(client, mailbox.last()).url == reverse("onboarding_home")
        assert_every_invariant_holds()

    def test_what_is_no_address_is_said_at_the_field(self, client):
        sign_up(client)

        answer = client.post(OTHER_ADDRESS, {"email": "ada"})

        assert list(answer.context["form"].errors) == ["email"]

    def test_once_proven_it_is_changed_on_the_account_page(self, client, other_client):
        sign_up(client)
        press(other_client, mailbox.last())

        assert client.post(OTHER_ADDRESS, {"email": "new@example.com"}).url == LOG_IN
        assert "account page" in text(client.get(LOG_IN))


def test_an_account_made_by_an_operator_gets_its_first_password(client):
    make_account(email="ada@example.com", password_hash="!", by=VISITOR)

    page = client.get(press(client, mailbox.last()).url, follow=True)
    path = page.redirect_chain[-1][0]
    client.post(path, {"password1": PASSWORD})

    assert EmailAddress.objects.get().verified
    assert log_in(client).url == reverse("onboarding_home")
    assert client.get(ACCOUNT).status_code == 200


def without_keys(page):
    """The page without the key of its form and without the tokens that differ each time."""
    hidden = 'type="hidden"'
    return "\n".join(line for line in page.splitlines() if hidden not in line)
