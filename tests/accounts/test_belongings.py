"""Which rows are one person's, and whether what must hold holds for these."""

import pytest
from django.db import connection

from accounts.belongings import belongings, check_person
from accounts.models import Profile, User, WeddingStats
from integrity.invariants import invariants
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


def counts(user):
    return {each.model._meta.label: len(each.keys) for each in belongings(user)}


def results(user):
    return {each.invariant.name: each.result for each in check_person(belongings(user))}


def past_the_triggers(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("SET session_replication_role = origin")


def test_a_couple_has_rows_where_couples_have_them():
    couple = OnboardedCoupleFactory(tasks=3)
    OnboardedCoupleFactory()

    found = counts(couple)

    assert found["accounts.User"] == found["accounts.Profile"] == found["accounts.Wedding"] == 1
    assert (found["onboarding.Interest"], found["onboarding.Task"]) == (3, 3)
    assert found["account.EmailAddress"] == 1


def test_what_belongs_to_the_wedding_belongs_to_both():
    ada = OnboardedCoupleFactory(tasks=2)
    bob = CoupleFactory(wedding=ada.membership.wedding)

    assert counts(bob)["onboarding.Task"] == 2
    assert counts(bob)["accounts.Member"] == 1
    assert counts(bob)["onboarding.Interest"] == 0


def test_an_operator_has_no_wedding():
    assert counts(OperatorFactory())["accounts.Wedding"] == 0


def test_a_row_is_named_as_findings_name_it():
    couple = OnboardedCoupleFactory()
    subjects = {one for each in belongings(couple) for one in each.subjects}
    assert f"accounts.user:{couple.pk}" in subjects
    assert f"onboarding.interest:{couple.pk}:music" in subjects


def test_everything_holds_for_whoever_is_whole():
    found = results(OnboardedCoupleFactory(tasks=2))
    assert set(found.values()) == {"holds"}
    assert {"accounts.every_user_has_a_profile", "onboarding.no_interest_is_stale"} <= set(found)
    assert "integrity.no_effect_is_dead" not in found


def test_what_is_broken_is_broken_for_the_one_alone():
    whole, ghost, drifted = CoupleFactory(), CoupleFactory(), CoupleFactory()
    past_the_triggers("DELETE FROM accounts_profile WHERE user_id = %s", ghost.pk)
    WeddingStats.objects.filter(wedding__members__user=drifted).update(tasks_total=9)

    def broken(user):
        return {name for name, result in results(user).items() if result == "broken"}

    assert not broken(whole)
    assert broken(ghost) == {"accounts.every_user_has_a_profile"}
    assert broken(drifted) == {"onboarding.stats_count_the_tasks"}
    assert Profile.objects.count() == User.objects.count() - 1
    past_the_triggers(
        "INSERT INTO accounts_profile (user_id, email) VALUES (%s, %s)", ghost.pk, ghost.email
    )


def test_every_invariant_about_people_can_be_asked_of_one():
    assert "unknown" not in results(OnboardedCoupleFactory()).values()
    assert len(results(OperatorFactory())) > 15
    assert len(invariants.names()) > 20
