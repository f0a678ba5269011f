import uuid

import pytest
from allauth.account.models import EmailAddress

from accounts.actors import acting
from accounts.addresses.requesting import cancel_email_change, request_email_change
from accounts.addresses.verification import confirm_email, resend_verification
from accounts.errors import LinkNoLongerValid, MailedAMomentAgo, SameEmail
from integrity.flows import AlreadyDone
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "ada@example.com", "new@example.com"


@pytest.fixture
def ada():
    return CoupleFactory(email=OLD, address__verified=True)


def ask(user, email=NEW, **kwargs):
    request_email_change(user=user, email=email, by=acting(user), **kwargs)


def confirm(user, email=NEW):
    return confirm_email(user=user, email=email, by=acting(user))


def waiting(user):
    return list(EmailAddress.objects.filter(user=user, verified=False).values_list("email"))


class TestAsking:
    def test_the_old_address_stays_and_both_are_written_to(self, ada):
        ask(ada)

        ada.refresh_from_db()
        assert (ada.email, ada.profile.email, ada.profile.email_verified) == (OLD, OLD, True)
        assert mailbox.kinds() == [("email_change", NEW), ("email_change_requested", OLD)]
        assert_every_invariant_holds()

    def test_one_address_waits_at_a_time(self, ada):
        ask(ada, "first@example.com")
        ask(ada)

        assert waiting(ada) == [(NEW,)]

    def test_a_taken_address_looks_the_same_from_here_and_its_mailbox_is_told(self, ada):
        CoupleFactory(email=NEW, address__verified=True)

        ask(ada)

        assert waiting(ada) == [(NEW,)]
        assert mailbox.kinds() == [("account_exists", NEW), ("email_change_requested", OLD)]

    def test_the_present_address_is_no_change(self, ada):
        with pytest.raises(SameEmail):
            ask(ada, "ADA@example.com")

    def test_once_a_minute_for_one_address(self, ada):
        ask(ada)

        with pytest.raises(MailedAMomentAgo):
            ask(ada)

    def test_the_same_submission_twice_is_one(self, ada):
        operation = str(uuid.uuid4())
        ask(ada, operation=operation)

        with pytest.raises(AlreadyDone):
            ask(ada, operation=operation)

    def test_the_link_can_be_sent_again(self, ada):
        ask(ada)
        mailbox.forget()
        mailbox.a_minute_later()

        resend_verification(user=ada, by=acting(ada))

        assert mailbox.kinds() == [("email_change", NEW)]


class TestConfirming:
    def test_everything_follows_and_the_old_address_is_told_once(self, ada):
        ask(ada)
        mailbox.forget()

        assert not confirm(ada).first

        ada.refresh_from_db()
        assert (ada.email, ada.profile.email, ada.profile.email_verified) == (NEW, NEW, True)
        assert mailbox.kinds() == [("email_changed", OLD)]
        assert NEW in mailbox.last().text
        assert_every_invariant_holds()

    def test_sessions_that_began_under_the_old_address_end(self, ada):
        before = ada.get_session_auth_hash()
        ask(ada)
        confirm(ada)

        ada.refresh_from_db()
        assert ada.get_session_auth_hash() != before

    def test_of_two_who_want_it_the_first_gets_it(self, ada):
        grace = CoupleFactory(address__verified=True)
        ask(ada)
        mailbox.a_minute_later()
        ask(grace)
        confirm(grace)

        with pytest.raises(LinkNoLongerValid):
            confirm(ada)

        ada.refresh_from_db()
        assert ada.email == OLD
        assert_every_invariant_holds()


class TestCancelling:
    def test_the_link_dies_and_the_old_address_stays(self, ada):
        ask(ada)

        assert cancel_email_change(user=ada, by=acting(ada))

        with pytest.raises(LinkNoLongerValid):
            confirm(ada)
        assert EmailAddress.objects.get(user=ada).email == OLD

    def test_nothing_to_cancel_is_said(self, ada):
        assert not cancel_email_change(user=ada, by=acting(ada))
