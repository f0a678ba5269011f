"""Asking somebody to plan along, taking that back, and what is left of it."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now

from accounts.actors import acting
from accounts.billing import usage
from accounts.billing.usage import LimitReached
from accounts.errors import LinkNoLongerValid, MailedAMomentAgo
from accounts.invitations import (
    AlreadyTwo,
    InvitationEnded,
    OwnAddress,
    PlansNoWedding,
    VerifyFirst,
    expire_invitations,
    find_invitation,
    invite,
    withdraw_invitation,
)
from accounts.models import Invitation, Metric, UsageCounter, UsageEntry
from accounts.tasks import forget_invited
from integrity.flows import AlreadyDone
from integrity.models import AuditEntry, OutboxMessage
from tests import mailbox
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "grace@example.com"


def couple(**fields):
    return CoupleFactory(address__verified=True, **fields)


def ask(user, email=EMAIL, **options):
    return invite(user=user, email=email, by=acting(user), **options)


def token(mail):
    return mail.path.rstrip("/").rpartition("/")[2]


class TestInviting:
    def test_sends_a_link_of_which_only_a_hash_is_kept(self):
        ada = couple(email="ada@example.com")

        invitation = ask(ada, "Grace@Example.com")

        mail = mailbox.promised()[-1]
        assert (mail.to, invitation.email) == (EMAIL, EMAIL)
        assert "ada@example.com" in mail.text
        assert sha256(token(mail).encode()).hexdigest() == invitation.token_hash
        assert find_invitation(token(mail)) == invitation

    def test_the_promise_names_nobody_in_the_clear(self):
        invitation = ask(couple())

        message = OutboxMessage.objects.get()
        assert EMAIL not in f"{message.payload}{message.key}"
        assert token(mailbox.promised()[0]) not in f"{message.payload}{message.key}{invitation}"

    def test_is_one_use_of_the_plan(self):
        ada = couple()

        invitation = ask(ada)

        assert UsageEntry.objects.get().operation_key == f"invitation:{invitation.uid}"
        assert UsageCounter.objects.get().wedding == ada.membership.wedding

    def test_beyond_the_plan_nothing_is_sent_and_nothing_is_kept(self, monkeypatch):
        monkeypatch.setitem(usage.LIMITS, Metric.INVITATIONS, {"free": 1, "premium": 1})
        ada = couple()
        ask(ada)

        with pytest.raises(LimitReached):
            ask(ada, "another@example.com")

        assert Invitation.objects.count() == OutboxMessage.objects.count() == 1

    def test_the_same_submission_twice_is_one_invitation(self):
        ada = couple()
        ask(ada, operation="once")

        with pytest.raises(AlreadyDone):
            ask(ada, operation="once")

        assert Invitation.objects.count() == UsageEntry.objects.count() == 1

    def test_an_address_gets_one_a_minute_whoever_asks(self):
        ask(couple())

        with pytest.raises(MailedAMomentAgo):
            ask(couple())

    def test_asked_again_the_first_link_dies(self):
        ada = couple()
        ask(ada)
        first = token(mailbox.promised()[-1])
        mailbox.a_minute_later()

        ask(ada)

        with pytest.raises(LinkNoLongerValid):
            find_invitation(first)
        assert find_invitation(token(mailbox.promised()[-1])).email == EMAIL

    def test_what_is_no_address_is_refused(self):
        with pytest.raises(ValidationError):
            ask(couple(), "grace")

    def test_nobody_invites_themselves(self):
        ada = couple(email="ada@example.com")

        with pytest.raises(OwnAddress):
            ask(ada, "ADA@example.com")

    def test_there_is_no_third_place(self):
        ada = couple()
        CoupleFactory(wedding=ada.membership.wedding)

        with pytest.raises(AlreadyTwo):
            ask(ada)

    def test_whose_address_is_not_proven_sends_nothing_to_others(self):
        with pytest.raises(VerifyFirst):
            ask(CoupleFactory())

    def test_an_operator_has_no_wedding(self):
        with pytest.raises(PlansNoWedding):
            ask(OperatorFactory())


class TestTakingBack:
    def test_its_link_dies_and_the_address_is_forgotten(self):
        ada = couple()
        invitation = ask(ada)

        withdraw_invitation(user=ada, invitation=invitation, by=acting(ada))

        invitation.refresh_from_db()
        assert (invitation.state, invitation.email) == ("withdrawn", "")
        with pytest.raises(LinkNoLongerValid):
            find_invitation(token(mailbox.promised()[0]))

    def test_once(self):
        ada = couple()
        invitation = ask(ada)
        withdraw_invitation(user=ada, invitation=invitation, by=acting(ada))

        with pytest.raises(InvitationEnded):
            withdraw_invitation(user=ada, invitation=invitation, by=acting(ada))

    def test_another_couple_s_stays(self):
        invitation, stranger = ask(couple()), couple()

        with pytest.raises(InvitationEnded):
            withdraw_invitation(user=stranger, invitation=invitation, by=acting(stranger))

        invitation.refresh_from_db()
        assert invitation.state == "waiting"

    def test_the_plan_does_not_get_the_use_back(self):
        ada = couple()
        withdraw_invitation(user=ada, invitation=ask(ada), by=acting(ada))

        assert UsageCounter.objects.get().value == 1


class TestTwoWeeksLater:
    def later(self, **late):
        past = Now() - timedelta(days=20)
        Invitation.objects.update(created_at=past, expires_at=Now() - timedelta(**late))

    def test_the_link_is_dead_before_anybody_tidies_up(self):
        ask(couple())
        self.later(seconds=1)

        with pytest.raises(LinkNoLongerValid):
            find_invitation(token(mailbox.promised()[0]))

    def test_whom_it_was_sent_to_is_forgotten(self):
        ask(couple())
        self.later(seconds=1)

        forget_invited()

        assert [(each.state, each.email) for each in Invitation.objects.all()] == [("expired", "")]
        assert not AuditEntry.objects.exists()

    def test_not_a_moment_before(self):
        ask(couple())
        self.later(seconds=-60)

        assert expire_invitations() == 0

    def test_in_bites(self, monkeypatch):
        monkeypatch.setattr("accounts.invitations.BITE", 1)
        ask(couple())
        ask(couple(), "another@example.com")
        self.later(seconds=1)

        assert [expire_invitations() for _ in range(3)] == [1, 1, 0]
