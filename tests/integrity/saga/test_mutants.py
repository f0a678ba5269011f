"""The engine with one of its precautions taken away: a test that it passes must fail it then."""

from unittest.mock import patch

import pytest
from django.db import IntegrityError

from integrity.models import Saga
from integrity.saga import engine, forward
from integrity.saga.claim import claim
from integrity.saga.engine import advance, run_due
from integrity.saga.held import Held, LostLease, look
from integrity.saga.outcomes import RefusedForGood
from integrity.saga.start import cancel
from integrity.transactions import transaction
from tests.integrity.saga.mutants import (
    believed,
    captured_at_each_attempt,
    ended_without_a_look,
    with_a_key_for_each_attempt,
    without_the_fence,
)
from tests.integrity.saga.toys import (
    ADA,
    begin,
    is_whole,
    pass_time,
    provider,
    settle,
    statuses,
)
from tests.integrity.toy.models import Mailbox
from tests.rounds import rounds_until

pytestmark = pytest.mark.django_db(transaction=True)
# Of the scenario itself, or of a promise of the database behind it.
RED = (AssertionError, IntegrityError, pytest.fail.Exception)


def a_worker_that_slept_past_its_lease_writes_nothing():
    saga = begin()
    sleeper = look(claim())
    with transaction():
        cancel(Saga.objects.get(pk=saga.pk), by=ADA)
    pass_time()
    run_due()
    with pytest.raises(LostLease):
        advance(sleeper)
    assert is_whole() == "as before"


def what_was_captured_before_the_first_call_is_what_is_set_back():
    begin()
    provider.faults.extend(["after", RefusedForGood("422")])
    settle()
    assert is_whole() == "as before"


def a_call_that_lands_late_happens_once():
    begin()
    provider.faults.extend([None, "late"])
    run_due()
    pass_time(300)
    run_due()
    provider.land_late()
    assert Mailbox.objects.get().refunds == 1


def a_call_that_lands_after_its_undo_is_undone_again():
    begin()
    provider.faults.extend(["late", RefusedForGood("422")])
    run_due()
    pass_time()
    run_due()
    provider.land_late()
    settle(seconds=100)
    assert is_whole() == "as before"


def what_comes_back_is_removed_again():
    saga = begin()
    for _ in rounds_until(lambda: statuses(saga)["remove"] == "done", "the removal"):
        run_due()
        pass_time(15 * 86_400)
    Mailbox.objects.update(removed=False)
    settle()
    assert is_whole() == "closed"


MUTANTS = [
    (a_worker_that_slept_past_its_lease_writes_nothing, Held, "write", without_the_fence),
    (
        what_was_captured_before_the_first_call_is_what_is_set_back,
        forward,
        "_capture",
        captured_at_each_attempt,
    ),
    (a_call_that_lands_late_happens_once, Held, "at", with_a_key_for_each_attempt),
    (a_call_that_lands_after_its_undo_is_undone_again, engine, "look_back", ended_without_a_look),
    (what_comes_back_is_removed_again, forward, "_judge", believed),
]


@pytest.mark.parametrize("holds", [holds for holds, *_ in MUTANTS])
def test_it_holds(holds):
    holds()


@pytest.mark.parametrize(("holds", "owner", "name", "without"), MUTANTS)
def test_without_its_precaution_it_does_not(holds, owner, name, without):
    with patch.object(owner, name, without), pytest.raises(RED):
        holds()
