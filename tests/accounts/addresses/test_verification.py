import uuid

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection

from accounts.actors import VISITOR, acting
from accounts.addresses.verification import (
    change_unverified_email,
    confirm_email,
    resend_verification,
)
from accounts.errors import (
    AlreadyVerified,
    LinkNoLongerValid,
    MailedAMomentAgo,
    NothingToVerify,
    UserNotFound,
)
from accounts.models import User
from accounts.signup import sign_up
from integrity.audit import command_actor
from integrity.flows import AlreadyDone
from integrity.models import AuditEntry
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    """Signed up more than a minute ago; her first mail has left."""
    user = sign_up(email="ada@example.com", password_hash="hash", by=VISITOR)
    mailbox.forget()
    mailbox.a_minute_later()
    return user


def confirm(user, email=None, **kwargs):
    return confirm_email(user=user, email=email or user.email, by=acting(user), **kwargs)


def change(user, email, **kwargs):
    change_unverified_email(user=user, email=email, by=acting(user), **kwargs)


def resend(user):
    resend_verification(user=user, by=acting(user))


def addresses(user):
    found = EmailAddress.objects.filter(user=user).order_by("email")
    return [(each.email, each.primary, each.verified) for each in found]


class TestConfirmEmail:
    def test_the_profile_follows_and_the_couple_is_welcomed(self, ada):
        assert confirm(ada).first

        ada.profile.refresh_from_db()
        assert ada.profile.email_verified
        assert addresses(ada) == [("ada@example.com", True, True)]
        assert mailbox.kinds() == [("welcome", "ada@example.com")]
        assert_every_invariant_holds()

    def test_a_second_click_later_finds_the_link_used(self, ada):
        confirm(ada)

        with pytest.raises(LinkNoLongerValid):
            confirm(ada)
        assert len(mailbox.promised()) == 1

    def test_a_double_click_is_one_confirmation(self, ada):
        operation = str(uuid.uuid4())
        confirm(ada, operation=operation)

        with pytest.raises(AlreadyDone):
            confirm(ada, operation=operation)

    def test_an_address_that_does_not_wait_is_refused(self, ada):
        with pytest.raises(LinkNoLongerValid):
            confirm(ada, "somebody.else@example.com")

    def test_an_address_that_went_to_somebody_else_is_refused_whole(self, ada):
        change(ada, "new@example.com")
        sign_up(email="new@example.com", password_hash="hash", by=VISITOR)
        mailbox.forget()

        with pytest.raises(LinkNoLongerValid):
            confirm(ada, "new@example.com")

        assert addresses(ada) == [
            ("ada@example.com", True, False),
            ("new@example.com", False, False),
        ]
        assert not mailbox.promised()
        assert_every_invariant_holds()

    def test_an_account_that_is_gone_is_said_so(self, ada):
        gone = User(pk=ada.pk + 1, email="gone@example.com", uid=uuid.uuid4())

        with pytest.raises(UserNotFound):
            confirm(gone)

    def test_an_operator_is_not_asked_to_plan_a_wedding(self):
        operator = OperatorFactory(address__verified=False)

        confirm(operator)

        assert not mailbox.promised()

    def test_who_confirms_by_hand_is_audited(self, ada):
        confirm_email(user=ada, email=ada.email, by=command_actor("seen their passport"))

        assert AuditEntry.objects.get().verb == "accounts.email_confirmed"


class TestResend:
    def test_the_link_is_sent_once_more(self, ada):
        resend(ada)

        assert mailbox.kinds() == [("verify", "ada@example.com")]

    def test_not_twice_within_a_minute(self, ada):
        resend(ada)

        with pytest.raises(MailedAMomentAgo):
            resend(ada)
        assert len(mailbox.promised()) == 1

    def test_what_a_failed_attempt_used_up_comes_back(self, ada):
        def broken(execute, sql, params, many, context):
            if "integrity_outboxmessage" in sql:
                raise DatabaseError("the promise could not be written")
            return execute(sql, params, many, context)

        with pytest.raises(DatabaseError), connection.execute_wrapper(broken):
            resend(ada)

        resend(ada)
        assert len(mailbox.promised()) == 1

    def test_a_verified_account_waits_for_nothing(self):
        with pytest.raises(NothingToVerify):
            resend(CoupleFactory(address__verified=True))


class TestChangeBeforeVerifying:
    def test_the_link_goes_to_the_new_address_and_confirms_it(self, ada):
        change(ada, "New@Example.com")
        assert mailbox.kinds() == [("verify", "new@example.com")]

        assert confirm(ada, "new@example.com").first

        ada.refresh_from_db()
        assert (ada.email, ada.profile.email) == ("new@example.com", "new@example.com")
        assert addresses(ada) == [("new@example.com", True, True)]
        assert_every_invariant_holds()

    def test_the_mistyped_address_is_told_nothing(self, ada):
        change(ada, "new@example.com")
        confirm(ada, "new@example.com")

        assert "ada@example.com" not in [mail.to for mail in mailbox.promised()]

    def test_the_first_link_dies(self, ada):
        first = EmailAddress.objects.get(user=ada).pk

        change(ada, "new@example.com")

        assert not EmailAddress.objects.filter(pk=first).exists()

    def test_a_taken_address_looks_the_same_from_here_and_its_mailbox_is_told(self, ada):
        CoupleFactory(email="grace@example.com", address__verified=True)

        change(ada, "grace@example.com")

        assert addresses(ada) == [
            ("ada@example.com", True, False),
            ("grace@example.com", False, False),
        ]
        assert mailbox.kinds() == [("account_exists", "grace@example.com")]

    def test_the_next_mail_goes_to_the_new_address(self, ada):
        change(ada, "new@example.com")
        mailbox.forget()
        mailbox.a_minute_later()

        resend(ada)

        assert mailbox.kinds() == [("verify", "new@example.com")]

    def test_back_to_the_first_address(self, ada):
        change(ada, "new@example.com")
        change(ada, "ada@example.com")

        assert addresses(ada) == [("ada@example.com", True, False)]
        assert mailbox.last().to == "ada@example.com"

    def test_a_verified_account_asks_for_a_change_instead(self):
        with pytest.raises(AlreadyVerified):
            change(CoupleFactory(address__verified=True), "new@example.com")

    def test_the_same_submission_twice_is_one_change(self, ada):
        operation = str(uuid.uuid4())
        change(ada, "new@example.com", operation=operation)

        with pytest.raises(AlreadyDone):
            change(ada, "new@example.com", operation=operation)
