import pytest

from accounts.models import Member, Profile, WeddingStats
from integrity.testing import assert_every_invariant_holds
from tests.factories import (
    PASSWORD,
    CoupleFactory,
    MilestoneFactory,
    OnboardedCoupleFactory,
    OperatorFactory,
    TaskFactory,
)


@pytest.mark.django_db(transaction=True)
def test_whatever_a_factory_makes_is_whole():
    for step in range(3):
        CoupleFactory(profile__step=step)
    couple = OnboardedCoupleFactory(stats__streak_days=2, stats__last_active_date="2026-06-05")
    wedding = couple.membership.wedding
    CoupleFactory(wedding=wedding)
    TaskFactory.create_batch(4, wedding=wedding)
    TaskFactory(wedding=wedding, done=True)
    MilestoneFactory(wedding=wedding)
    OperatorFactory()

    assert_every_invariant_holds()


@pytest.mark.django_db
def test_what_is_said_to_a_factory_is_what_it_makes():
    couple = CoupleFactory(
        email="ada@example.com",
        password="a password",
        address__verified=True,
        wedding__place="Oslo",
        profile__name="Ada",
        interests=["music"],
    )

    assert couple.check_password("a password")
    assert CoupleFactory().check_password(PASSWORD)
    profile = Profile.objects.get(user=couple)
    assert (profile.email, profile.email_verified, profile.name) == (couple.email, True, "Ada")
    assert couple.membership.wedding.place == "Oslo"
    assert couple.interests.count() == 1


@pytest.mark.django_db
def test_tasks_are_counted_and_a_second_couple_joins_as_partner():
    wedding = OnboardedCoupleFactory(tasks=0).membership.wedding
    partner = CoupleFactory(wedding=wedding)

    TaskFactory(wedding=wedding)
    TaskFactory(wedding=wedding, done=True)

    stats = WeddingStats.objects.get(wedding=wedding)
    assert (stats.tasks_total, stats.tasks_done) == (2, 1)
    assert Member.objects.get(user=partner).role == "partner"
