import uuid

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection

from accounts.actors import VISITOR
from accounts.errors import EmailTaken, MailedAMomentAgo, named_violation
from accounts.models import Member, Profile, Role, User, Wedding, WeddingStats
from accounts.signup import remind_of_account, sign_up
from integrity.audit import command_actor
from integrity.flows import AlreadyDone
from integrity.models import AuditEntry, FlowOutcome, Operation, OutboxMessage
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from tests import mailbox
from tests.database import execute
from tests.factories import CoupleFactory
from tests.rivals import in_threads

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (User, Profile, EmailAddress, Wedding, Member, WeddingStats, OutboxMessage, Operation)


def join(email="ada@example.com", **kwargs):
    return sign_up(**{"email": email, "password_hash": "hash", "by": VISITOR} | kwargs)


def rows():
    return {model.__name__: model.objects.count() for model in TABLES}


class TestSignUp:
    def test_one_call_makes_everything_an_account_consists_of(self):
        user = join(password_hash=make_password("secret"))

        assert user.check_password("secret")
        assert (user.profile.email, user.profile.email_verified) == ("ada@example.com", False)
        assert user.membership.role == Role.OWNER
        assert user.membership.wedding.stats.tasks_total == 0
        address = EmailAddress.objects.get(user=user)
        assert (address.email, address.primary, address.verified) == (user.email, True, False)
        assert_every_invariant_holds()

    def test_the_mail_with_the_link_is_promised_with_it(self):
        join()

        mail = mailbox.last()
        assert mailbox.kinds() == [("verify", "ada@example.com")]
        assert mail.path.startswith("/verify/")
        assert mail.path in mail.html

    def test_the_address_is_stored_in_its_canonical_spelling(self):
        assert join(" Ada@EXAMPLE.com").email == "ada@example.com"

    def test_an_address_that_is_none_is_refused_before_anything_is_written(self):
        with pytest.raises(ValidationError):
            join("\u212aevin@example.com")

        assert not User.objects.exists()

    @pytest.mark.parametrize("rival", ["ada@example.com", "ADA@Example.Com"])
    def test_a_taken_address_leaves_nothing(self, rival):
        join()
        before = rows()

        with pytest.raises(EmailTaken):
            join(rival, operation=str(uuid.uuid4()))

        assert rows() == before

    def test_an_address_that_somebody_else_waits_for_is_free(self):
        other = CoupleFactory(address__verified=True)
        EmailAddress.objects.create(user=other, email="ada@example.com")

        assert join().email == "ada@example.com"

    def test_the_same_submission_twice_is_one_account_and_one_mail(self):
        operation = str(uuid.uuid4())
        join(operation=operation)
        before = rows()

        with pytest.raises(AlreadyDone):
            join(operation=operation)

        assert rows() == before

    def test_an_old_form_with_another_address_is_another_submission(self):
        operation = str(uuid.uuid4())
        join("aad@example.com", operation=operation)

        assert join("ada@example.com", operation=operation).email == "ada@example.com"

    def test_a_reader_of_the_operations_learns_no_address(self):
        join("grace@example.com", operation=str(uuid.uuid4()))

        assert "grace" not in Operation.objects.get().key

    def test_of_two_rivals_one_makes_the_account_and_the_other_learns_it(self):
        answers = rivals("ada@example.com", "ADA@EXAMPLE.COM")

        assert sorted(answers) == ["EmailTaken", "User"]
        assert User.objects.count() == 1
        assert mailbox.kinds() == [("verify", "ada@example.com")]
        assert_every_invariant_holds()

    def test_an_operator_who_signs_somebody_up_is_audited(self):
        user = join(by=command_actor("asked by phone"))

        entry = AuditEntry.objects.get()
        assert entry.verb == "accounts.signed_up"
        assert (entry.subject, entry.reason) == (f"accounts.user:{user.uid}", "asked by phone")

    def test_a_failing_trigger_aborts_it_in_its_own_name(self):
        before = rows()
        function = execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc"
            " WHERE proname LIKE 'pgtrigger_profile_follows_user_%%'"
        )[0][0].replace("%", "%%")
        broken = function.replace("INSERT INTO", "PERFORM 1/0; INSERT INTO")
        assert broken != function
        execute(broken)
        try:
            with pytest.raises(DatabaseError) as refused:
                join()
        finally:
            execute(function)

        assert named_violation(refused.value) == "profile_follows_user"
        assert rows() == before


class TestRemindOfAccount:
    def test_only_the_mailbox_is_told(self):
        remind_of_account(email="ada@example.com", by=VISITOR)

        assert mailbox.kinds() == [("account_exists", "ada@example.com")]

    def test_a_mailbox_is_told_once_a_minute(self):
        join()

        with pytest.raises(MailedAMomentAgo):
            remind_of_account(email="ada@example.com", by=VISITOR)

        mailbox.a_minute_later()
        remind_of_account(email="ada@example.com", by=VISITOR)
        assert len(mailbox.promised()) == 2

    def test_what_a_failed_attempt_used_up_comes_back(self):
        def broken(execute_next, sql, params, many, context):
            if "integrity_outboxmessage" in sql:
                raise DatabaseError("the promise could not be written")
            return execute_next(sql, params, many, context)

        with pytest.raises(DatabaseError), connection.execute_wrapper(broken):
            remind_of_account(email="ada@example.com", by=VISITOR)

        remind_of_account(email="ada@example.com", by=VISITOR)
        assert len(mailbox.promised()) == 1


def test_outcomes_are_counted():
    join()
    with pytest.raises(EmailTaken):
        join()

    outcomes = FlowOutcome.objects.filter(flow="accounts.sign_up").order_by("outcome")
    assert [each.outcome for each in outcomes] == ["committed", "refused"]


def test_it_opens_its_own_transaction_and_joins_no_other():
    with pytest.raises(RuntimeError), transaction():
        join()


def rivals(*emails):
    """All at once, each on a connection of its own; the class of what each got."""
    with in_threads() as start:
        calls = [start(join, email=email) for email in emails]
    return [type(call.exception() or call.result()).__name__ for call in calls]
