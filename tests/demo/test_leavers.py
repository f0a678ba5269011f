"""Couples of the demo who leave: the engine itself comes to where the demo wants it."""

import io
import json

import pytest
from django.core.management.base import OutputWrapper

from accounts.models import Tombstone, User
from accounts.simulators.faults import FOREVER, Fault
from accounts.simulators.supabase import Supabase
from demo import leavers
from demo.contents import prepare
from demo.known import make_known
from demo.leavers import TOGETHER, let_one_stand_still, let_three_leave, standing_still
from demo.seed import seed
from integrity.models import Finding, Saga
from integrity.saga.control import retry
from tests.accounts.leaving.story import run_to_the_end

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def couples(tmp_path):
    seed(couples=20, out=io.StringIO())
    make_known(store=tmp_path)


def test_one_stands_still_past_the_point_of_no_return(couples, settings, tmp_path):
    let_one_stand_still(store=tmp_path)
    saga = standing_still()

    assert (saga.attention, saga.error_class) == ("refused", "refused")
    assert "405 method_not_allowed" in saga.error
    assert saga.pivot_at is not None
    assert Tombstone.objects.filter(uid=saga.subject).exists()
    known = json.loads((tmp_path / "supabase.json").read_text())["state"]["users"]
    assert known[saga.subject]["banned_until"], "nobody logs in there meanwhile"
    assert {str(user.uid) for user in leavers._who_may_leave()[:TOGETHER]} < set(known)
    assert settings.SUPABASE_URL == "", "what is set here is set back"


def test_tried_again_it_goes_through(couples, vendors, tmp_path):
    let_one_stand_still(store=tmp_path)
    saga = standing_still()
    retry(saga=saga.uid, by=leavers.BY)

    assert run_to_the_end(saga) == "completed"
    assert not User.objects.filter(uid=saga.subject).exists()
    assert standing_still() is None


def test_the_first_check_has_found_it(settings, tmp_path):
    settings.DEBUG = True
    prepare(couples=20, out=OutputWrapper(io.StringIO()), vendors=tmp_path)
    assert Finding.objects.filter(invariant="integrity.no_saga_needs_a_person").count() == 1


def test_without_anybody_who_could_leave_nothing_is_done(tmp_path):
    let_one_stand_still(store=tmp_path)
    assert let_three_leave() == 0
    assert not Saga.objects.exists()


def test_three_leave_and_then_three_others(couples):
    assert (let_three_leave(), let_three_leave()) == (TOGETHER, TOGETHER)
    assert leavers.under_way() == 2 * TOGETHER == User.objects.exclude(leaving_since=None).count()


def test_an_outage_outlasts_a_restart_of_the_stand_in_and_a_few_failures_do_not(tmp_path):
    vendor = Supabase(store=tmp_path / "supabase.json")
    vendor.faults.add(Fault("status", times=FOREVER), Fault("status", method="PUT", times=3))
    vendor.save()

    again = Supabase(store=tmp_path / "supabase.json")
    assert [each["stays"] for each in again.faults.listed()] == [True]
    for _ in range(3):
        assert again.faults.take("GET", "/admin/users") is not None
    assert again.faults.listed()[0]["times"] == FOREVER
