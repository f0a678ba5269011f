"""What the database keeps about members and invitations, whoever writes: plain SQL."""

import pytest
from django.db.models.functions import Now

from accounts.models import Invitation, Member, Tombstone, Wedding
from onboarding.models import WizardDraft
from tests.accounts.test_invitations import ask, couple
from tests.database import committed, execute, refused_as
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
CLOSE = "UPDATE accounts_wedding SET status = 'closed', closed_at = now() WHERE id = %s"
MOVE = "UPDATE accounts_member SET wedding_id = %s, role = 'partner' WHERE user_id = %s"


def insert(wedding, **changes):
    values = {
        "wedding": wedding,
        "email": "grace@example.com",
        "token_hash": "a" * 64,
        "expires_at": "2100-01-01T00:00:00Z",
    }
    return Invitation.objects.create(**values | changes)


def a_closed_wedding():
    user = CoupleFactory()
    wedding, new = user.membership.wedding, Wedding.objects.create
    with committed():
        other = new()
        execute("INSERT INTO accounts_weddingstats (wedding_id) VALUES (%s)", other.pk)
        execute(MOVE, other.pk, user.pk)
        execute(CLOSE, wedding.pk)
    return wedding


class TestMembers:
    def test_nobody_comes_to_a_wedding_that_is_closed(self):
        closed, user = a_closed_wedding(), CoupleFactory()

        with refused_as("accounts_member_of_an_open_wedding"):
            execute(MOVE, closed.pk, user.pk)

    def test_what_was_typed_about_another_wedding_goes_with_it(self):
        user, other = CoupleFactory(), CoupleFactory()
        WizardDraft.objects.create(user=user, data={"1": {"place": "Rome"}})

        with committed():
            execute(CLOSE, user.membership.wedding_id)
            execute(MOVE, other.membership.wedding_id, user.pk)

        assert not WizardDraft.objects.exists()


class TestInvitations:
    def test_one_waits_for_an_address_in_a_wedding(self):
        wedding = couple().membership.wedding
        insert(wedding)

        with refused_as("accounts_invitation_one_waits"):
            insert(wedding, token_hash="b" * 64)

    def test_one_secret_is_one_invitation(self):
        insert(couple().membership.wedding)

        with refused_as("accounts_invitation_token_hash_key"):
            insert(couple().membership.wedding)

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"token_hash": "the secret itself"}, "accounts_invitation_token_is_hashed"),
            ({"email": "Grace@Example.com"}, "accounts_invitation_keeps_no_address"),
            ({"email": ""}, "accounts_invitation_keeps_no_address"),
            ({"state": "lost", "email": ""}, "accounts_invitation_state_is_known"),
            ({"ended_at": "2026-01-01T00:00:00Z"}, "accounts_invitation_state_is_known"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "accounts_invitation_lasts"),
            (
                {"state": "withdrawn", "ended_at": "2026-01-01T00:00:00Z"},
                "accounts_invitation_keeps_no_address",
            ),
        ],
    )
    def test_none_contradicts_itself(self, wrong, constraint):
        wedding = couple().membership.wedding

        with refused_as(constraint):
            insert(wedding, **wrong)

    def test_only_an_accepted_one_was_accepted_by_somebody(self):
        ada = couple()
        insert(ada.membership.wedding)

        with refused_as("accounts_invitation_is_accepted_by_somebody"):
            Invitation.objects.update(accepted_by=ada)

    @pytest.mark.parametrize("change", [{"state": "waiting"}, {"state": "accepted"}])
    def test_one_that_has_ended_stays_so(self, change):
        insert(couple().membership.wedding)
        Invitation.objects.update(state="withdrawn", email="", ended_at=Now())
        values = {"waiting": {"email": "grace@example.com", "ended_at": None}, "accepted": {}}

        with refused_as("accounts_invitation_ends_once"):
            Invitation.objects.update(**change, **values[change["state"]])

    def test_none_leads_to_a_wedding_that_is_closed(self):
        closed = a_closed_wedding()

        with refused_as("accounts_invitation_leads_to_a_wedding"):
            insert(closed)

    def test_nor_to_one_that_two_plan(self):
        ada = couple()
        CoupleFactory(wedding=ada.membership.wedding)

        with refused_as("accounts_invitation_leads_to_a_wedding"):
            insert(ada.membership.wedding)

    def test_those_that_wait_end_with_the_wedding(self):
        ada, other = couple(), couple()
        ask(ada)

        with committed():
            execute(CLOSE, ada.membership.wedding_id)
            execute(MOVE, other.membership.wedding_id, ada.pk)

        assert Invitation.objects.get().state == "withdrawn"

    def test_and_with_the_second_member(self):
        ada = couple()
        ask(ada)

        CoupleFactory(wedding=ada.membership.wedding)

        assert Member.objects.filter(wedding=ada.membership.wedding).count() == 2
        assert Invitation.objects.get().state == "withdrawn"

    def test_an_account_that_goes_leaves_the_others_invitations(self):
        ada = couple()
        grace = CoupleFactory(wedding=ada.membership.wedding)
        Invitation.objects.create(
            wedding=ada.membership.wedding,
            state="accepted",
            token_hash="c" * 64,
            expires_at="2100-01-01T00:00:00Z",
            ended_at=Now(),
            invited_by=ada,
            accepted_by=grace,
        )

        with committed():
            Tombstone.objects.create(uid=grace.uid)
            grace.delete()

        assert Invitation.objects.get().accepted_by is None
