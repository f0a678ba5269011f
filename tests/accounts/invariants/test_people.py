"""Each invariant finds exactly what got past the database."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.models import Address, Member, Profile, User, Wedding, WeddingStats
from integrity.evaluate import evaluate
from integrity.invariants import invariants as declared
from integrity.testing import assert_every_invariant_holds
from tests.database import execute, triggers_off
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db

TABLES = ("accounts_user", "accounts_profile", "accounts_wedding", "accounts_member")


@pytest.fixture
def couple():
    OnboardedCoupleFactory()
    OperatorFactory()
    return CoupleFactory(email="ada@example.com")


def violating(name):
    return declared.get(f"accounts.{name}").violations()


@contextmanager
def unguarded(table: str, *constraints: str):
    with triggers_off(*TABLES, "accounts_weddingstats", "account_emailaddress"):
        for constraint in constraints:
            execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        yield


def test_a_user_without_a_profile_is_found(couple):
    with unguarded("accounts_profile"):
        Profile.objects.filter(user=couple).delete()

    assert list(violating("every_user_has_a_profile")) == [couple]


def test_a_couple_without_a_wedding_is_found_and_an_operator_without_one_is_not(couple):
    with unguarded("accounts_member"):
        Member.objects.filter(user=couple).delete()

    assert list(violating("every_couple_has_a_wedding")) == [couple]


def test_an_open_wedding_without_a_member_is_found_and_a_closed_one_is_not(couple):
    wedding = couple.membership.wedding
    with unguarded("accounts_member"):
        Member.objects.filter(user=couple).delete()

    assert list(violating("every_open_wedding_has_a_member")) == [wedding]
    Wedding.objects.filter(pk=wedding.pk).update(status="closed", closed_at=wedding.created_at)
    assert not violating("every_open_wedding_has_a_member")


def test_a_wedding_without_stats_is_found(couple):
    wedding = couple.membership.wedding
    with unguarded("accounts_weddingstats"):
        WeddingStats.objects.filter(wedding=wedding).delete()

    assert list(violating("every_wedding_has_stats")) == [wedding]


@pytest.mark.django_db(transaction=True)
def test_a_profile_without_a_user_is_found_and_counts_differ(couple):
    with triggers_off(*TABLES, "account_emailaddress"):
        execute("SET session_replication_role = replica")
        Member.objects.filter(user=couple).delete()
        execute("DELETE FROM account_emailaddress WHERE user_id = %s", couple.pk)
        execute("DELETE FROM accounts_user WHERE id = %s", couple.pk)
        execute("SET session_replication_role = origin")

    broken = {each.invariant.name: each for each in evaluate(["accounts"]).having("broken")}
    assert broken["accounts.every_profile_has_a_user"].keys == [str(couple.pk)]
    parity = broken["accounts.as_many_profiles_as_users"].violations[0].evidence
    assert (parity["actual"] - parity["expected"], parity["unexplained"]) == (1, 0)


def test_a_profile_with_another_email_is_found(couple):
    Profile.objects.filter(user=couple).update(email="eve@example.com")

    assert list(violating("profile_has_the_users_email")) == [couple.profile]


@pytest.mark.parametrize("truth", [True, False])
def test_a_profile_that_is_wrong_about_being_verified_is_found(couple, truth):
    Address.objects.filter(user=couple).update(verified=truth)
    assert not violating("profile_knows_whether_verified")

    Profile.objects.filter(user=couple).update(email_verified=not truth)

    assert list(violating("profile_knows_whether_verified")) == [couple.profile]


def test_a_profile_verified_by_an_address_that_is_not_the_users_is_found(couple):
    Address.objects.filter(user=couple).update(verified=True)
    with unguarded("account_emailaddress"):
        Address.objects.filter(user=couple).update(email="eve@example.com")

    assert list(violating("profile_knows_whether_verified")) == [couple.profile]


@pytest.mark.parametrize("wrong", [{"primary": False}, {"email": "eve@example.com"}])
def test_a_primary_address_that_is_not_the_users_email_is_found(couple, wrong):
    Address.objects.filter(user=couple).update(**wrong)

    assert list(violating("primary_address_is_the_users_email")) == [couple]


def test_a_user_made_without_any_address_is_none_of_that(couple):
    Address.objects.filter(user=couple).delete()

    assert not violating("primary_address_is_the_users_email")


@pytest.mark.parametrize("email", ["Ada@example.com", "", "\u212aevin@example.com", "ada"])
def test_an_email_in_another_spelling_is_found(couple, email):
    with unguarded("accounts_user", "accounts_user_email_is_canonical"):
        User.objects.filter(pk=couple.pk).update(email=email)

    assert list(violating("every_email_is_canonical")) == [couple]


def test_an_address_in_another_spelling_is_found(couple):
    Address.objects.filter(user=couple).update(email="Ada@example.com")

    assert [each.user for each in violating("every_address_is_canonical")] == [couple]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("step = 1", "named_from_step_one"),
        ("onboarded_at = now()", "onboarded_after_the_last_step"),
        ("step = 3, name = 'Ada'", "onboarded_after_the_last_step"),
    ],
)
def test_a_profile_half_way_through_a_step_is_found(couple, change, constraint):
    Wedding.objects.update(date="2027-06-05", date_undecided=False)
    with unguarded("accounts_profile", f"accounts_profile_{constraint}"):
        execute(
            f"UPDATE accounts_profile SET {change} WHERE user_id = %s",  # noqa: S608
            couple.pk,
        )

    assert list(violating("no_wizard_is_half_made")) == [couple.profile]


def test_a_first_step_without_a_date_that_is_not_undecided_is_found(couple):
    Profile.objects.filter(user=couple).update(step=1, name="Ada")

    assert list(violating("no_wizard_is_half_made")) == [couple.profile]
    Wedding.objects.update(date_undecided=True)
    assert not violating("no_wizard_is_half_made")


def test_a_couple_that_stopped_in_the_middle_is_named_for_a_friendly_word(couple):
    Profile.objects.filter(user=couple).update(step=1, name="Ada")
    assert not violating("whoever_begins_the_wizard_finishes_it")
    Profile.objects.filter(user=couple).update(date_joined=Now() - timedelta(days=61))
    assert list(violating("whoever_begins_the_wizard_finishes_it")) == [couple.profile]


def test_no_finding_shows_an_address(couple):
    Profile.objects.filter(user=couple).update(email="eve@example.com")
    (row,) = violating("profile_has_the_users_email")
    assert (row.expected, row.actual) == ("a… (15)", "e… (15)")


@pytest.mark.django_db(transaction=True)
def test_all_of_them_hold_of_whole_accounts(couple):
    CoupleFactory(wedding=couple.membership.wedding, profile__step=2)

    assert_every_invariant_holds("accounts")
    assert len(evaluate(["accounts"]).results) >= 10


def test_each_is_named_after_what_holds_and_says_so_in_a_sentence():
    ours = [each for each in declared if each.name.startswith("accounts.")]

    assert all(each.statement.endswith(".") and each.statement[0].isupper() for each in ours)
