import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.actors import VISITOR, acting
from accounts.errors import MailedAMomentAgo, PasswordChangedMeanwhile
from accounts.models import User
from accounts.passwords import request_password_reset, set_password
from accounts.signup import remind_of_account
from integrity.flows import AlreadyDone
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)

STAYS = "The move to another address that was asked for is called off"


def says_that_it_stays(mail):
    told = {STAYS in " ".join(body.split()) for body in (mail.text, mail.html)}
    assert len(told) == 1, "the bodies say different things"
    return told.pop()


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com", address__verified=True)


def replace(user, password="new"):
    set_password(user=user, password_hash=make_password(password), by=acting(user))


class TestSetPassword:
    def test_it_holds_and_the_mailbox_is_told(self, ada):
        replace(ada)

        assert User.objects.get().check_password("new")
        assert mailbox.kinds() == [("password_changed", "ada@example.com")]
        assert_every_invariant_holds()

    def test_a_password_that_is_no_longer_there_is_not_replaced(self, ada):
        User.objects.update(password="set by somebody else")

        with pytest.raises(PasswordChangedMeanwhile):
            replace(ada)

        assert User.objects.get().password == "set by somebody else"

    def test_twice_the_same_replacement_is_one(self, ada):
        replace(ada)

        with pytest.raises(AlreadyDone):
            replace(ada)
        assert len(mailbox.promised()) == 1

    def test_an_address_that_waits_is_forgotten(self, ada):
        EmailAddress.objects.create(user=ada, email="thief@example.com")

        replace(ada)

        assert EmailAddress.objects.get(user=ada).email == "ada@example.com"
        assert says_that_it_stays(mailbox.last())

    def test_the_mail_speaks_of_no_other_address_where_none_waited(self, ada):
        replace(ada)

        assert not says_that_it_stays(mailbox.last())
        assert "nothing.\n\nIf it was not you" in mailbox.last().text


class TestRequestPasswordReset:
    @pytest.mark.parametrize(
        ("email", "kind"),
        [("ADA@example.com", "password_reset"), ("nobody@example.com", "no_account")],
    )
    def test_known_or_not_the_mailbox_gets_one_mail(self, ada, email, kind):
        request_password_reset(email=email, by=VISITOR)

        assert mailbox.kinds() == [(kind, email.lower())]

    @pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
    def test_known_or_not_it_gets_one_a_minute(self, ada, email):
        request_password_reset(email=email, by=VISITOR)

        with pytest.raises(MailedAMomentAgo):
            request_password_reset(email=email, by=VISITOR)

    def test_an_address_that_only_waits_opens_nothing(self, ada):
        EmailAddress.objects.create(user=ada, email="waiting@example.com")

        request_password_reset(email="waiting@example.com", by=VISITOR)

        assert mailbox.kinds() == [("no_account", "waiting@example.com")]

    @pytest.mark.parametrize("ask", [request_password_reset, remind_of_account])
    def test_of_an_account_that_is_closed_the_mailbox_is_told_so(self, ada, ask):
        """It would be sent from the log-in to the reset, to the sign-up, and back."""
        User.objects.update(is_active=False)

        ask(email="ada@example.com", by=VISITOR)

        (mail,) = mailbox.promised()
        assert (mail.kind, mail.to) == ("account_exists", "ada@example.com")
        assert mail.subject == "Your account is closed"
        for text in (mail.text, mail.html):
            assert "nobody can log in with it" in text
            assert not any(path in text for path in ("/login/", "/password/", "/signup/"))
