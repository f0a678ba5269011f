"""A deletion that a person has ended half-way is begun again from its page."""

from uuid import uuid4

import pytest

from accounts.actors import VISITOR
from accounts.leaving.deletion import Wish, delete_again, leave
from accounts.models import User
from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga import control
from integrity.saga.engine import run_due
from integrity.saga.lawful import Refused
from integrity.transactions import transaction
from tests.factories import OnboardedCoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("operator", "grace", "it stood still", via="admin")


@pytest.fixture
def ended():
    """Before the seal, by a person."""
    user = OnboardedCoupleFactory()
    saga = leave(user=user, wish=Wish(days=0), by=VISITOR)
    control.pause(saga=saga.uid, by=BY)
    return control.resolve(saga=saga.uid, by=BY)


def test_it_is_carried_to_its_end_as_it_was_asked_for(ended):
    begun = control.again(saga=ended.uid, by=BY)
    assert (begun.retry_of, begun.options) == (ended.uid, ended.options)
    run_due()
    Saga.objects.filter(pk=begun.pk).update(wake_at="2020-01-01T00:00Z")
    begun.steps.update(due_at="2020-01-01T00:00Z")
    run_due()

    assert not User.objects.filter(uid=ended.subject).exists()


def test_not_of_an_account_that_stays(ended):
    User.objects.update(leaving_since=None)
    with pytest.raises(Refused, match="The account stays"):
        control.again(saga=ended.uid, by=BY)


def test_not_of_one_that_is_gone(ended):
    ended.subject = str(uuid4())
    with pytest.raises(Refused, match="no such account"), transaction():
        delete_again(ended, BY)
