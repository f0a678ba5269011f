"""Whoever leaves is gone for everything else at once, and may stay until the seal."""

import re
from uuid import uuid4

import pytest

from accounts.actors import VISITOR, acting
from accounts.addresses.requesting import cancel_email_change, request_email_change
from accounts.addresses.verification import confirm_email, resend_verification
from accounts.billing.plan import buy_premium, change_renewal
from accounts.elsewhere.contact import choose_news
from accounts.errors import IsLeaving
from accounts.leaving.deletion import (
    NotPutBackYet,
    NotToBeDeleted,
    OnlyCouplesLeave,
    Wish,
    deletion_by,
    deletion_of,
    leave,
    stay,
    token_of,
)
from accounts.models import User
from accounts.passwords import set_password
from accounts.second_factor import remove_second_factor
from integrity.audit import Actor
from integrity.flows import AlreadyDone
from integrity.models import AuditEntry, Saga
from integrity.saga.engine import run_due
from onboarding.checklist import complete_task, undo_task
from onboarding.interests import replace_interests
from onboarding.wizard import finish, reopen, save_step_two
from tests import mailbox
from tests.accounts.pages import is_logged_in, log_in
from tests.factories import OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
SUPPORT = Actor("command", "ann", "she wrote to us", via="cli")
BY = VISITOR
REFUSING = [
    lambda user: choose_news(user=user, wanted=False, by=BY),
    lambda user: request_email_change(user=user, email="new@example.com", by=BY),
    lambda user: cancel_email_change(user=user, by=BY),
    lambda user: confirm_email(user=user, email=user.email, by=BY),
    lambda user: resend_verification(user=user, by=BY),
    lambda user: set_password(user=user, password_hash="!x", by=BY),
    lambda user: remove_second_factor(user=user, by=BY),
    lambda user: buy_premium(user=user, by=BY),
    lambda user: change_renewal(user=user, renews=False, by=BY),
    lambda user: replace_interests(user=user, categories=["music", "food", "dress"], by=BY),
    lambda user: save_step_two(user=user, categories=["music", "food", "dress"], version=0, by=BY),
    lambda user: finish(user=user, version=0, by=BY),
    lambda user: reopen(user=user, by=BY),
    lambda user: complete_task(task_uid=uuid4(), by_user=user, by=BY),
    lambda user: undo_task(task_uid=uuid4(), by_user=user, by=BY),
    lambda user: leave(user=user, wish=Wish(), by=BY),
]


@pytest.fixture
def ada():
    return OnboardedCoupleFactory(email="ada@example.com")


def go(user, by=None, **how):
    return leave(user=user, wish=Wish(), by=by or acting(user), **how)


class TestLeaving:
    def test_ends_every_session_at_once(self, ada, client, other_client):
        for browser in (client, other_client):
            log_in(browser)
            assert is_logged_in(browser)

        go(ada)

        assert not is_logged_in(client)
        assert not is_logged_in(other_client)

    def test_a_session_of_before_stays_ended_when_the_account_stays(self, ada, client):
        log_in(client)
        stay(deletion=go(ada).uid, by=BY)
        User.objects.update(leaving_since=None)

        assert not is_logged_in(client)

    @pytest.mark.parametrize("call", REFUSING)
    def test_every_other_flow_of_hers_refuses_in_plain_words(self, ada, settings, call):
        settings.STRIPE_API_KEY, settings.STRIPE_PRICE = "sk_test_any", "price_any"
        go(ada)

        with pytest.raises(IsLeaving, match="is to be deleted"):
            call(ada)

    def test_one_mail_with_a_link_that_nobody_guesses(self, ada):
        saga = go(ada)

        mail = mailbox.last()
        assert mailbox.kinds() == [("leaving", ada.email)]
        assert re.search(r"We begin\s+on \d+ \w+ \d{4}", mail.text)
        token = mail.path.removeprefix("/leaving/").strip("/")
        assert deletion_by(token) == saga
        assert deletion_by(str(saga.uid)) is None
        assert deletion_by(token_of(saga.uid)[:-1] + "x") is None

    def test_a_double_click_is_one(self, ada):
        operation = str(uuid4())
        go(ada, operation=operation)

        with pytest.raises(AlreadyDone):
            go(ada, operation=operation)
        assert Saga.objects.count() == 1

    def test_operators_don_t_leave(self):
        with pytest.raises(OnlyCouplesLeave):
            go(OperatorFactory())

    def test_support_does_the_same_and_is_audited(self, ada):
        saga = go(ada, by=SUPPORT)

        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.reason) == ("accounts.leaving_asked", "she wrote to us")
        assert entry.detail == saga.options
        assert (saga.actor_id, saga.reason) == ("ann", "she wrote to us")


class TestStaying:
    def test_takes_back_what_was_done(self, ada):
        saga = go(ada)

        stay(deletion=saga.uid, by=BY)

        saga.refresh_from_db()
        assert (saga.state, saga.cancelled_at is None) == ("compensating", False)

    def test_takes_back_what_no_worker_has_come_to(self, ada):
        stay(deletion=go(ada).uid, by=BY)
        run_due()

        ada.refresh_from_db()
        assert (Saga.objects.get().state, ada.leaving_since) == ("compensated", None)
        assert mailbox.kinds()[-1] == ("staying", ada.email)

    def test_a_second_click_is_one(self, ada):
        saga = go(ada)
        for _ in range(2):
            stay(deletion=saga.uid, by=BY)

        assert saga.events.filter(event="cancelled").count() == 1

    def test_asked_again_before_all_is_back_it_says_so(self, ada):
        stay(deletion=go(ada).uid, by=BY)
        User.objects.update(leaving_since=None)

        with pytest.raises(NotPutBackYet):
            go(ada)
        assert deletion_of(ada).state == "compensating"

    def test_what_isn_t_to_be_deleted_stays_anyway(self, ada):
        with pytest.raises(NotToBeDeleted):
            stay(deletion=uuid4(), by=BY)

    def test_support_is_audited(self, ada):
        stay(deletion=go(ada).uid, by=SUPPORT)

        assert AuditEntry.objects.get().verb == "accounts.leaving_called_off"
