from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.actors import acting
from accounts.models import Profile, Wedding, WeddingStats
from integrity.audit import command_actor
from integrity.flows import AlreadyDone
from integrity.models import AuditEntry
from integrity.testing import assert_every_invariant_holds
from onboarding.drafts import save_draft
from onboarding.interests import TooFewInterests, wanted_interests
from onboarding.models import Interest, Task, WizardDraft
from onboarding.wizard import (
    AnswerRefused,
    StaleVersion,
    StepNotReached,
    WizardFinished,
    WizardNotFinished,
    finish,
    reopen,
    save_step_one,
    save_step_two,
)
from tests.factories import CoupleFactory
from tests.onboarding.breaking import assert_all_or_nothing, everything

pytestmark = pytest.mark.django_db(transaction=True)

CHOICE = ["music", "venue", "guests"]
ANSWERS = {
    "name": "Ada",
    "partner_name": "Grace",
    "date": date(2030, 6, 19),
    "date_undecided": False,
    "place": "Oslo",
    "time_zone": "Europe/Oslo",
}


@pytest.fixture
def user():
    return CoupleFactory()


def profile_of(user):
    return Profile.objects.get(user=user)


def wedding_of(user):
    return Wedding.objects.get(members__user=user)


def version_of(user):
    return profile_of(user).version


def save(step, user, *, version=None, **answers):
    version = version_of(user) if version is None else version
    step(user=user, version=version, by=acting(user), **answers)


def one(user, **more):
    save(save_step_one, user, **ANSWERS | more)


def two(user, categories=CHOICE, **more):
    save(save_step_two, user, categories=categories, **more)


def end(user, **more):
    save(finish, user, **more)


def through(user, **answers):
    one(user, **answers)
    two(user)
    end(user)


class TestStepOne:
    def test_it_keeps_who_when_and_where(self, user):
        one(user)
        profile, wedding = profile_of(user), wedding_of(user)
        assert (profile.name, profile.partner_name, profile.step) == ("Ada", "Grace", 1)
        assert (wedding.date, wedding.date_undecided) == (date(2030, 6, 19), False)
        assert (wedding.place, wedding.time_zone) == ("Oslo", "Europe/Oslo")
        assert_every_invariant_holds()

    def test_an_open_date_is_an_answer(self, user):
        one(user, date=None, date_undecided=True)
        assert wedding_of(user).date_undecided

    def test_saved_again_it_takes_no_step_back(self):
        user = CoupleFactory(profile__step=2)
        one(user, name="Adele")
        assert profile_of(user).step == 2

    @pytest.mark.parametrize(
        ("answer", "field"),
        [
            ({"name": " "}, "name"),
            ({"date": None}, "date"),
            ({"date_undecided": True}, "date"),
            ({"time_zone": "Nowhere/Atlantis"}, "time_zone"),
        ],
    )
    def test_an_answer_that_makes_no_sense_is_refused_by_name(self, user, answer, field):
        before = everything()
        with pytest.raises(AnswerRefused) as refused:
            one(user, **answer)
        assert refused.value.field == field
        assert everything() == before

    def test_a_page_that_is_too_old_gets_both_values(self, user):
        one(user, name="Adele")
        with pytest.raises(StaleVersion) as stale:
            one(user, version=0, name="Ada")
        assert stale.value.mine["name"] == "Ada"
        assert stale.value.theirs["name"] == "Adele"
        assert profile_of(user).name == "Adele"

    def test_the_partners_open_page_becomes_too_old(self, user):
        partner = CoupleFactory(wedding=wedding_of(user), profile__step=1)
        one(user)
        with pytest.raises(StaleVersion):
            one(partner, version=0, place="Bergen")
        assert wedding_of(user).place == "Oslo"

    def test_only_its_own_columns_are_written(self, user):
        Profile.objects.filter(user=user).update(sync_conflicts=7)
        one(user)
        assert profile_of(user).sync_conflicts == 7

    def test_its_draft_goes_and_the_others_stay(self, user):
        save_draft(user=user, step=1, data={"name": "A"}, version=0)
        save_draft(user=user, step=2, data={"categories": ["food"]}, version=0)
        one(user)
        assert WizardDraft.objects.get(user=user).data == {"2": {"categories": ["food"]}}

    def test_a_second_click_is_already_done(self, user):
        one(user, version=0, operation="click")
        with pytest.raises(AlreadyDone):
            one(user, version=0, operation="click")

    def test_broken_at_any_statement_nothing_is_left(self, user):
        assert assert_all_or_nothing(lambda: one(user, operation="once")) > 8


class TestStepTwo:
    def test_it_keeps_the_interests(self):
        user = CoupleFactory(profile__step=1)
        two(user)
        assert profile_of(user).step == 2
        assert wanted_interests(user) == CHOICE
        assert_every_invariant_holds()

    def test_it_can_not_be_done_first(self, user):
        with pytest.raises(StepNotReached):
            two(user)
        assert not Interest.objects.exists()

    def test_a_choice_that_makes_no_sense_is_refused(self):
        user = CoupleFactory(profile__step=1)
        with pytest.raises(TooFewInterests):
            two(user, ["music"])
        assert profile_of(user).step == 1

    def test_a_page_that_is_too_old_gets_both_values(self):
        user = CoupleFactory(profile__step=1)
        version = version_of(user)
        two(user, ["dress", "food", "flowers"])
        with pytest.raises(StaleVersion) as stale:
            two(user, version=version)
        assert stale.value.mine == {"categories": CHOICE}
        assert stale.value.theirs == {"categories": ["food", "flowers", "dress"]}

    def test_broken_at_any_statement_nothing_is_left(self):
        user = CoupleFactory(profile__step=1)
        version = version_of(user)
        assert assert_all_or_nothing(lambda: two(user, version=version, operation="once")) > 8


class TestFinish:
    def test_it_makes_the_checklist(self, user):
        through(user)
        profile = profile_of(user)
        assert profile.step == 3
        assert profile.onboarded_at is not None
        tasks = Task.objects.filter(wedding=wedding_of(user))
        assert 24 <= tasks.count() <= 25
        assert set(tasks.values_list("category", flat=True)) == {"", *CHOICE}
        assert not tasks.filter(due_date=None).exists()
        assert WeddingStats.objects.get().tasks_total == tasks.count()
        assert_every_invariant_holds()

    def test_without_a_date_nothing_is_due(self, user):
        through(user, date=None, date_undecided=True)
        assert not Task.objects.filter(due_date__isnull=False).exists()

    def test_drafts_go(self, user):
        one(user)
        two(user)
        save_draft(user=user, step=2, data={"categories": []}, version=version_of(user))
        end(user)
        assert not WizardDraft.objects.exists()

    def test_it_can_not_be_done_before_step_two(self, user):
        one(user)
        with pytest.raises(StepNotReached):
            end(user)
        assert not Task.objects.exists()

    def test_a_review_that_is_too_old_is_not_accepted(self):
        user = CoupleFactory(profile__step=2)
        version = version_of(user)
        one(user, name="Adele")
        with pytest.raises(StaleVersion):
            end(user, version=version)
        assert not Task.objects.exists()

    def test_a_second_time_it_is_already_done(self, user):
        through(user)
        before = everything()
        with pytest.raises(AlreadyDone):
            end(user)
        assert everything() == before

    def test_a_second_click_is_already_done(self):
        user = CoupleFactory(profile__step=2)
        version = version_of(user)
        end(user, version=version, operation="click")
        with pytest.raises(AlreadyDone):
            end(user, version=version, operation="click")

    def test_after_it_no_step_can_be_saved(self, user):
        through(user)
        with pytest.raises(WizardFinished):
            one(user)
        with pytest.raises(WizardFinished):
            two(user)

    def test_broken_at_any_statement_nothing_is_left(self):
        user = CoupleFactory(profile__step=2)
        version = version_of(user)
        assert assert_all_or_nothing(lambda: end(user, version=version, operation="once")) > 10


class TestReopen:
    def test_the_couple_goes_through_the_steps_once_more(self, user):
        through(user)
        reopen(user=user, by=command_actor("wrong names"))
        profile = profile_of(user)
        assert (profile.step, profile.onboarded_at, profile.name) == (0, None, "Ada")
        assert wanted_interests(user) == CHOICE
        assert AuditEntry.objects.get().verb == "onboarding.reopened"
        assert_every_invariant_holds()

    def test_finishing_again_makes_no_task_twice(self, user):
        through(user)
        tasks = set(Task.objects.values_list("uid", flat=True))
        reopen(user=user, by=command_actor())
        through(user)
        assert set(Task.objects.values_list("uid", flat=True)) == tasks
        assert_every_invariant_holds()

    def test_other_interests_add_their_tasks(self, user):
        through(user)
        before = Task.objects.count()
        reopen(user=user, by=command_actor())
        one(user)
        two(user, ["music", "venue", "dress"])
        end(user)
        assert Task.objects.filter(category="dress").count() == 5
        assert Task.objects.count() == before + 5
        assert WeddingStats.objects.get().tasks_total == before + 5

    def test_open_tasks_follow_the_new_date_and_done_ones_stay(self, user):
        through(user)
        done = Task.objects.get(template="rings")
        Task.objects.filter(pk=done.pk).update(status="done", completed_at=timezone.now())
        reopen(user=user, by=command_actor())
        through(user, date=ANSWERS["date"] + timedelta(days=10))
        papers = Task.objects.get(template="papers")
        assert papers.due_date == ANSWERS["date"] + timedelta(days=10 - 180)
        assert Task.objects.get(pk=done.pk).due_date == done.due_date

    def test_what_is_not_finished_can_not_be_reopened(self, user):
        with pytest.raises(WizardNotFinished):
            reopen(user=user, by=command_actor())
        assert not AuditEntry.objects.exists()

    def test_broken_at_any_statement_nothing_is_left(self, user):
        through(user)
        assert assert_all_or_nothing(lambda: reopen(user=user, by=command_actor())) > 3
