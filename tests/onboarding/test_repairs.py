"""What couples do is mended, and undone, without anything else being touched."""

import pytest

from accounts.models import Profile, WeddingStats
from integrity.repair.apply import undo
from integrity.testing import assert_every_invariant_holds
from onboarding.models import Interest
from tests.database import execute
from tests.factories import OnboardedCoupleFactory, TaskFactory
from tests.integrity.repair.conftest import ADA, mended

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def couple():
    couple = OnboardedCoupleFactory(interests=["music", "food", "flowers", "dress"])
    TaskFactory.create_batch(3, wedding=couple.membership.wedding)
    return couple


@pytest.mark.parametrize(
    ("repair", "wrong"),
    [
        ("onboarding.recount_tasks", {"tasks_total": 90}),
        ("onboarding.recount_done_tasks", {"tasks_done": 2}),
    ],
)
def test_tasks_are_counted_again(couple, repair, wrong):
    before = execute("SELECT to_jsonb(s) FROM accounts_weddingstats s")
    WeddingStats.objects.update(**wrong)

    plan = mended(repair)

    assert plan.verdict == "holds"
    assert execute("SELECT to_jsonb(s) FROM accounts_weddingstats s") == before
    undo(plan=plan.uid, by=ADA)
    assert WeddingStats.objects.filter(**wrong).exists()


def test_stale_interests_are_pruned_and_the_wanted_ones_stay(couple):
    wanted = ["music", "food", "flowers"]
    Profile.objects.filter(user=couple).update(interests_wanted=wanted)

    plan = mended("onboarding.prune_stale_interests")

    assert (plan.applied, plan.verdict) == (1, "holds")
    assert set(Interest.objects.values_list("category", flat=True)) == set(wanted)
    assert_every_invariant_holds("onboarding.no_interest_is_stale")
    assert undo(plan=plan.uid, by=ADA).undone == 1
    assert Interest.objects.filter(category="dress").exists()
