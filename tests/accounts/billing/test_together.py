"""The story told by several at the same moment, as Stripe does: it ends as it does in order."""

import random
from threading import Barrier

import pytest

from accounts.billing.inbox import receive_event
from accounts.billing.webhooks import read_event
from accounts.models import Event
from accounts.views.webhooks import STRIPE
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from tests.accounts.billing.stripe_story import raw, story, whole_story
from tests.accounts.billing.test_changes import ends, read, state
from tests.extent import EVERY
from tests.factories import CoupleFactory
from tests.rivals import in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]
SEEDS, TELLERS = 40 if EVERY else 3, 3


def tell(bodies, gate):
    gate.wait()
    return [receive_event(raw=each, event=read_event(each), by=STRIPE).state for each in bodies]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whoever_tells_what_at_the_same_moment_it_ends_the_same(seed):
    events = whole_story(story(CoupleFactory()))
    (in_order,) = ends([read(events)])
    chance, gate = random.Random(seed), Barrier(TELLERS)
    with in_threads() as start:
        told = [
            start(tell, bodies=[raw(each) for each in chance.sample(events, 10)], gate=gate)
            for _ in range(TELLERS)
        ]
    heard = {each for one in told for each in one.result()}
    tell([raw(each) for each in events], Barrier(1))
    deliver_due()

    assert heard <= {"applied", "ignored"}
    assert state() == in_order
    assert Event.objects.count() == len(events)
    assert_every_invariant_holds()
