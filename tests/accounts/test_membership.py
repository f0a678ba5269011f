"""Coming to a wedding and going to one of one's own: nobody is ever without one."""

import pytest
from django.db.models.functions import Now

from accounts.actors import acting
from accounts.errors import LinkNoLongerValid
from accounts.invitations import PlansNoWedding, invite, withdraw_invitation
from accounts.membership import (
    AlreadyTheirs,
    HoldsWork,
    LeaveFirst,
    NothingToLeave,
    join_wedding,
    leave_wedding,
)
from accounts.models import Invitation, Profile, User, Wedding
from accounts.signup import sign_up
from integrity.audit import SYSTEM
from integrity.flows import AlreadyDone
from onboarding.drafts import draft_of, save_draft
from tests import mailbox
from tests.accounts.test_invitations import couple, token
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


def link_from(user, email="grace@example.com"):
    """What the link in the invitation ends with."""
    invite(user=user, email=email, by=acting(user))
    return token(mailbox.promised()[-1])


def come(user, secret, **options):
    return join_wedding(user=user, token=secret, by=acting(user), **options)


def go(user, **options):
    return leave_wedding(user=user, by=acting(user), **options)


def wedding_of(user):
    return Wedding.objects.get(members__user=user)


def told(kind):
    return [mail.to for mail in mailbox.promised() if mail.kind == kind]


class TestComing:
    def test_one_moves_there_and_the_own_empty_wedding_is_closed(self):
        ada, grace = couple(), couple()
        own, theirs = wedding_of(grace), wedding_of(ada)

        come(grace, link_from(ada))

        own.refresh_from_db()
        assert wedding_of(grace) == wedding_of(ada) == theirs
        assert (own.status, own.members.count()) == ("closed", 0)
        assert grace.membership.__class__.objects.get(user=grace).role == "partner"

    def test_a_new_person_signs_up_and_then_comes(self):
        ada = couple()
        secret = link_from(ada)
        grace = sign_up(email="grace@example.com", password_hash="!x", by=SYSTEM)

        come(grace, secret)

        assert wedding_of(grace) == wedding_of(ada)

    def test_another_address_than_the_one_that_was_asked_will_do(self):
        ada, grace = couple(), couple(email="elsewhere@example.com")

        come(grace, link_from(ada, "grace@example.com"))

        assert Invitation.objects.get().accepted_by == grace

    def test_the_link_works_once_and_the_address_is_forgotten(self):
        ada, secret = (user := couple()), link_from(user)
        come(couple(), secret)

        with pytest.raises(LinkNoLongerValid):
            come(couple(), secret)

        invitation = Invitation.objects.get()
        assert (invitation.state, invitation.email) == ("accepted", "")
        assert wedding_of(ada).members.count() == 2

    def test_the_other_invitations_end_there_and_in_the_wedding_that_is_closed(self):
        ada, grace = couple(), couple()
        others = [link_from(ada, "other@example.com"), link_from(grace, "another@example.com")]

        come(grace, link_from(ada))

        assert set(Invitation.objects.values_list("state", "email")) == {
            ("accepted", ""),
            ("withdrawn", ""),
        }
        for secret in others:
            with pytest.raises(LinkNoLongerValid):
                come(couple(), secret)

    def test_the_same_submission_twice_is_said_to_be_done(self):
        ada, grace = couple(), couple()
        secret = link_from(ada)
        come(grace, secret, operation="once")

        with pytest.raises(AlreadyDone):
            come(grace, secret, operation="once")

    def test_whoever_was_there_gets_a_mail(self):
        ada, grace = couple(), couple()

        come(grace, link_from(ada))

        assert told("partner_joined") == [ada.email]

    def test_the_wizard_begins_anew_with_the_answers_that_are_theirs_now(self):
        ada = OnboardedCoupleFactory(wedding__place="Oslo")
        grace = CoupleFactory(profile__step=1, wedding__place="Rome", address__verified=True)
        save_draft(user=grace, step=1, data={"place": "Rome"}, version=0)

        come(grace, link_from(ada))

        profile = Profile.objects.get(user=grace)
        assert (profile.step, profile.name, profile.version) == (0, "Ada", 1)
        assert draft_of(grace, step=1) is None
        assert wedding_of(grace).place == "Oslo"

    def test_a_taken_back_link_leads_nowhere(self):
        ada = couple()
        secret = link_from(ada)
        withdraw_invitation(user=ada, invitation=Invitation.objects.get(), by=acting(ada))

        with pytest.raises(LinkNoLongerValid):
            come(couple(), secret)

    def test_nor_does_one_of_somebody_who_is_deleting_their_account(self):
        ada, grace = couple(), couple()
        secret = link_from(ada)
        User.objects.filter(pk=ada.pk).update(leaving_since=Now())

        with pytest.raises(LinkNoLongerValid):
            come(grace, secret)

        User.objects.filter(pk=ada.pk).update(leaving_since=None)
        come(grace, secret)

    def test_nor_does_one_that_was_never_sent(self):
        with pytest.raises(LinkNoLongerValid):
            come(couple(), "x" * 43)

    def test_the_own_link_leads_where_one_is(self):
        ada = couple()

        with pytest.raises(AlreadyTheirs):
            come(ada, link_from(ada))

    def test_an_operator_plans_no_wedding(self):
        secret = link_from(couple())

        with pytest.raises(PlansNoWedding):
            come(OperatorFactory(), secret)


class TestWhatIsGivenUp:
    def test_a_checklist_is_not_closed_unasked(self):
        ada, grace = couple(), OnboardedCoupleFactory(tasks=2)
        secret = link_from(ada)

        with pytest.raises(HoldsWork):
            come(grace, secret)

        assert wedding_of(grace).status == "open"
        assert Invitation.objects.get().state == "waiting"

    def test_but_once_they_have_said_so(self):
        ada, grace = couple(), OnboardedCoupleFactory(tasks=2)
        old = wedding_of(grace)

        come(grace, link_from(ada), closes_work=True)

        old.refresh_from_db()
        assert (old.status, old.tasks.count()) == ("closed", 2)
        assert Profile.objects.get(user=grace).onboarded_at is None

    def test_somebody_else_s_partner_leaves_first(self):
        ada, grace = couple(), couple()
        CoupleFactory(wedding=wedding_of(grace))

        with pytest.raises(LeaveFirst):
            come(grace, link_from(ada), closes_work=True)


class TestGoing:
    @pytest.mark.parametrize("who", [0, 1])
    def test_whoever_stays_keeps_the_wedding(self, who):
        ada = OnboardedCoupleFactory(tasks=3)
        both = [ada, OnboardedCoupleFactory(wedding=wedding_of(ada))]
        wedding, leaver, stayer = wedding_of(ada), both[who], both[1 - who]

        go(leaver)

        wedding.refresh_from_db()
        assert (wedding.status, wedding_of(stayer), wedding.tasks.count()) == ("open", wedding, 3)
        new = wedding_of(leaver)
        assert (new.status, new.stats.tasks_total, new.members.get().role) == ("open", 0, "owner")
        assert Profile.objects.get(user=leaver).step == 0
        assert told("partner_left") == [stayer.email]

    @pytest.mark.parametrize("who", [0, 1])
    def test_and_may_ask_somebody_else(self, who):
        ada = couple()
        both = [ada, couple(wedding=wedding_of(ada))]
        go(both[who])
        stayer, third = both[1 - who], couple()

        come(third, link_from(stayer))

        assert wedding_of(third) == wedding_of(stayer)

    def test_the_last_one_closes_it_knowingly(self):
        ada = OnboardedCoupleFactory(tasks=1)
        old = wedding_of(ada)

        with pytest.raises(HoldsWork):
            go(ada)
        go(ada, closes_work=True)

        old.refresh_from_db()
        assert (old.status, wedding_of(ada).status) == ("closed", "open")

    def test_a_day_alone_is_given_up_without_a_tick(self):
        ada = CoupleFactory(wedding__place="Oslo")

        go(ada)

        assert wedding_of(ada).place == ""

    def test_an_empty_wedding_is_not_left_for_another_empty_one(self):
        with pytest.raises(NothingToLeave):
            go(couple())

    def test_links_to_a_wedding_that_is_closed_lead_nowhere(self):
        ada = CoupleFactory(wedding__place="Oslo", address__verified=True)
        secret = link_from(ada)
        go(ada)

        with pytest.raises(LinkNoLongerValid):
            come(couple(), secret)

    def test_the_same_submission_twice_leaves_once(self):
        ada = CoupleFactory(wedding__place="Oslo")
        go(ada, operation="once")
        new = wedding_of(ada)

        with pytest.raises(AlreadyDone):
            go(ada, operation="once")

        assert wedding_of(ada) == new

    def test_an_operator_plans_no_wedding(self):
        with pytest.raises(PlansNoWedding):
            go(OperatorFactory())
