"""Who stands still on the way out is found, and set going again: on to the end, or back."""

import pytest

from accounts.actors import VISITOR
from accounts.invariants.billing import whoever_leaves_is_being_deleted
from accounts.leaving.deletion import Wish, leave
from accounts.models import Tombstone, User
from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga.control import pause, resolve
from tests.accounts.leaving.story import changed, run, run_to_the_end
from tests.accounts.leaving.test_matrix import refuse
from tests.accounts.repairs.test_people import mended
from tests.factories import OnboardedCoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
ANN = Actor("command", "ann", "it hangs", via="cli")


@pytest.fixture
def ada():
    return OnboardedCoupleFactory()


def leaving(user, **how):
    saga = leave(user=user, wish=Wish(**how), by=VISITOR)
    run(saga)
    return saga


def given_up(saga):
    resolve(saga=saga.uid, by=ANN)


def test_while_it_is_under_way_nobody_is_found(ada):
    leaving(ada)

    assert not whoever_leaves_is_being_deleted().exists()


def test_given_up_before_the_seal_the_account_stays(ada):
    saga = leaving(ada)
    pause(saga=saga.uid, by=ANN)
    given_up(saga)
    assert whoever_leaves_is_being_deleted().get() == ada

    mended("accounts.set_leavers_going")

    assert not whoever_leaves_is_being_deleted().exists()
    assert User.objects.get().leaving_since is None
    assert leave(user=ada, wish=Wish(), by=VISITOR).state == "running"


def test_given_up_after_the_seal_it_is_deleted_to_the_end(ada):
    with changed("delete_local", run=refuse):
        given_up(leaving(ada, days=0))
    assert whoever_leaves_is_being_deleted().get() == ada

    mended("accounts.set_leavers_going")
    assert run_to_the_end(Saga.objects.get(finished_at=None)) == "completed"

    assert not User.objects.exists()
    assert Tombstone.objects.count() == 1


def test_what_is_sealed_is_not_let_go(ada):
    """Whoever begins anew and is refused half-way finds no way back."""
    with changed("delete_local", run=refuse):
        given_up(leaving(ada, days=0))
    mended("accounts.set_leavers_going")

    with changed("preflight", run=refuse):
        assert run_to_the_end(Saga.objects.get(finished_at=None)) == "attention"
    assert User.objects.get().leaving_since
