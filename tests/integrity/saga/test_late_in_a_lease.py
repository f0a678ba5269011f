"""A call might outlive what is left of the lease: then it isn't begun, and anybody may go on."""

import pytest

from integrity.saga.claim import claim
from integrity.saga.engine import advance, run_due
from integrity.saga.held import look
from integrity.saga.start import cancel
from integrity.transactions import transaction
from tests.integrity.saga.toys import ADA, FAULTS, begin, pass_time, settle
from tests.integrity.toy.models import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_call_is_begun(setting, provider):
    provider.faults.append(FAULTS["refused"]())
    saga = begin()
    run_due()
    pass_time()
    calls = len(provider.calls)

    setting(SAGA_LEASE=0.0)
    assert not advance(look(claim()))
    saga.refresh_from_db()
    assert (len(provider.calls), saga.wait) == (calls, "ready")


def test_no_undo_is_begun(setting):
    saga = begin()
    run_due()
    with transaction():
        cancel(saga, by=ADA)

    setting(SAGA_LEASE=0.0)
    assert advance(look(claim())), "there is no undo of a timer"
    assert not advance(look(claim()))
    assert Mailbox.objects.get().refunds == 1

    setting(SAGA_LEASE=60.0)
    settle()
    assert Mailbox.objects.get().refunds == 0
