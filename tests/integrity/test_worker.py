"""A real Celery worker, by each kind of broker. A broker may lose what it likes, not a message."""

import uuid

import pytest
from django_celery_beat.models import IntervalSchedule

from integrity.models import EffectCount, OutboxMessage
from tests.courier.brokers import BROKERS, forget_queue, skip_unless_it_runs
from tests.courier.office import Office
from tests.rivals import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=BROKERS)
def office(request, tmp_path):
    broker, port = BROKERS[request.param]
    if port:
        skip_unless_it_runs(request.param, port)
    folder = tmp_path / f"courier-{uuid.uuid4()}"
    folder.mkdir()
    office = Office(folder, broker)
    yield office
    office.close()
    forget_queue(broker, folder)


def promise(key):
    """Without the doorbell."""
    OutboxMessage.objects.create(effect="courier.parcel", key=key)


def delivered():
    return sum(EffectCount.objects.values_list("delivered", flat=True))


def test_the_doorbell_brings_a_message_without_any_sweep(office):
    office.start_worker()

    promised = office.run("-m", "tests.courier.promise", "a")

    assert (promised.returncode, promised.stderr) == (0, "")
    wait_until(lambda: delivered() == 1)
    assert office.parcels() == ["a 0"]


def test_what_a_killed_worker_held_is_delivered_by_the_next(office):
    """Its doorbell is lost with it, and rung by nobody: the sweep finds the message."""
    office.hold()
    worker = office.start_worker()
    office.run("-m", "tests.courier.promise", "a")
    wait_until(lambda: office.parcels() == ["a 0"])

    office.kill(worker)
    office.let_go()
    assert OutboxMessage.objects.get().state == "leased"
    promise("b")
    # As an operator may; the ten seconds are the schedule's business.
    IntervalSchedule.objects.filter(every=10).update(every=1)
    office.start_worker("--beat")

    wait_until(lambda: delivered() == 2)
    assert sorted(office.parcels()) == ["a 0", "a 1", "b 0"]
