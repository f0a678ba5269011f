import io
import time

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError

from accounts.models import Kind, Profile, User, WeddingStats
from demo.seed import PASSWORD, seed
from integrity.testing import assert_every_invariant_holds
from onboarding.models import Interest, Milestone, Task, WizardDraft
from tests import flush

pytestmark = pytest.mark.django_db(transaction=True)


def fill(couples=60):
    out = io.StringIO()
    seed(couples=couples, out=out)
    return out.getvalue()


def test_every_invariant_holds():
    fill()
    assert_every_invariant_holds()


def test_it_makes_as_many_as_it_is_told():
    said = fill(7)
    assert User.objects.filter(kind=Kind.COUPLE).count() == 7
    assert said.startswith("Made up 7 couples")
    assert fill(0)


def test_some_have_finished_some_are_on_their_way_some_not_verified():
    fill(200)
    assert 0.5 < Profile.objects.filter(step=3).count() / 200 < 0.7
    assert 0.08 < EmailAddress.objects.filter(verified=False).count() / 200 < 0.22
    assert set(Profile.objects.values_list("step", flat=True)) == {0, 1, 2, 3}
    assert WizardDraft.objects.exists()


def test_checklists_look_lived_in():
    fill()
    assert 0.1 < Task.objects.done().count() / Task.objects.count() < 0.9
    assert Milestone.objects.filter(key="half").exists()
    assert WeddingStats.objects.filter(streak_days__gt=1).exists()
    assert Task.objects.filter(due_date=None).exists()


def test_the_first_one_can_log_in_and_has_a_checklist(client):
    fill(1)
    user = User.objects.get()
    assert user.check_password(PASSWORD)
    client.force_login(user)
    assert client.get("/home/").status_code == 200


def test_it_is_the_same_each_time():
    fill(20)
    first = facts()
    flush.flush()
    fill(20)
    assert facts() == first


def facts():
    return (
        list(User.objects.order_by("email").values_list("email", "uid")),
        list(Profile.objects.order_by("email").values_list("email", "name", "step")),
        sorted(Interest.objects.values_list("user__email", "category")),
        sorted(Task.objects.values_list("uid", "template", "status")),
    )


def test_it_is_all_or_nothing():
    fill(3)
    with pytest.raises(IntegrityError):
        fill(5)
    assert User.objects.count() == 3


def test_500_take_seconds():
    started = time.monotonic()
    fill(500)
    assert time.monotonic() - started < 30
