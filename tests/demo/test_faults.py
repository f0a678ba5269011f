"""What the demo breaks on purpose, and what it promises of that."""

import io

import pytest
from django.core.management.base import OutputWrapper
from django.db import connection

from accounts.models import Profile, User
from demo import faults
from demo.contents import COLLEAGUE, prepare
from demo.faults import FAULTS, OPERATOR, NotADemo, plant_and_find, plant_faults
from demo.seed import seed
from integrity.audit import SYSTEM
from integrity.evaluate import evaluate
from integrity.models import Finding, Run
from integrity.repair import repairs_of
from tests.factories import OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
BROKEN = {
    "accounts.every_user_has_a_profile": 3,
    "accounts.as_many_profiles_as_users": 1,
    "accounts.profile_has_the_users_email": 2,
    "onboarding.stats_count_the_done_tasks": 3,
    "onboarding.no_interest_is_stale": 2,
}


@pytest.fixture(autouse=True)
def debugging(settings):
    settings.DEBUG = True


@pytest.fixture
def couples():
    seed(couples=20, out=io.StringIO())


def broken():
    results = evaluate().results
    return {each.invariant.name: each.count for each in results if each.result != "holds"}


def fill(couples=20):
    return prepare(couples=couples, out=OutputWrapper(io.StringIO()))


def test_exactly_what_is_said_is_broken_and_nothing_else(couples):
    plant_faults()
    assert broken() == BROKEN


def test_the_triggers_are_on_again(couples):
    plant_faults()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'")
        assert cursor.fetchone() == (0,)


def test_planting_twice_breaks_no_more_than_planting_once(couples):
    plant_faults()
    plant_faults()
    assert broken() == BROKEN


def test_what_was_mended_is_broken_again(couples):
    plant_faults()
    ghost = User.objects.get(email="imported1@example.com")
    Profile.objects.create(user=ghost, email=ghost.email)
    plant_faults()
    assert broken() == BROKEN


def test_each_is_found_at_once_and_has_a_repair(couples):
    plant_and_find(by=SYSTEM)
    plant_and_find(by=SYSTEM)
    found = Finding.objects.filter(state=Finding.State.OPEN)
    assert found.count() == sum(BROKEN.values())
    assert {fault.name: count for fault, count in faults.with_findings()} == {
        "counts": 3,
        "ghosts": 3,
        "emails": 2,
        "interests": 2,
    }
    assert all(repairs_of(fault.invariant) for fault in FAULTS)
    assert Run.objects.filter(slot__isnull=False).count() == 1


def test_without_debug_nothing_is_broken(couples, settings):
    settings.DEBUG = False
    with pytest.raises(NotADemo):
        plant_faults()
    assert broken() == {}


def test_the_first_start_plants_them_and_makes_two_operators():
    made = fill()
    assert made.emails == (COLLEAGUE, OPERATOR)
    assert User.objects.get(email=OPERATOR).check_password(made.password)
    assert broken() == BROKEN


def test_a_later_start_leaves_everything_as_it_is():
    fill()
    Finding.objects.all().delete()
    assert fill() is None
    assert not Finding.objects.exists()


def test_couples_that_are_not_the_demo_s_are_left_alone(couples):
    fill()
    assert broken() == {}


def test_a_database_with_operators_of_its_own_is_left_alone():
    OperatorFactory()
    assert fill() is None
    assert not faults.is_demo()


def test_an_empty_demo_has_ghosts_all_the_same():
    fill(couples=0)
    assert broken()["accounts.every_user_has_a_profile"] == 3
