"""A real Celery worker, by each kind of broker. A broker may lose what it likes, not a message."""

import os
import socket
import uuid

import pytest
from django_celery_beat.models import IntervalSchedule
from kombu import Connection

from config.broker import transport_options
from integrity.models import EffectCount, OutboxMessage
from tests.courier.office import Office
from tests.rivals import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
BROKERS = {
    "filesystem": ("filesystem://localhost", None),
    "redis": ("redis://127.0.0.1:6379/0", 6379),
    "rabbitmq": ("amqp://guest:guest@127.0.0.1:5672//", 5672),
}


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


def skip_unless_it_runs(name, port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{name} doesn't run at 127.0.0.1:{port}")


def forget_queue(broker, folder):
    """A broker outlives the tests."""
    options = transport_options(broker, folder=folder)
    with Connection(broker, transport_options=options) as connection:
        channel = connection.default_channel
        channel.queue_delete(folder.name)
        channel.exchange_delete(folder.name)
        if broker.startswith("redis:"):
            for key in channel.client.scan_iter(f"*{folder.name}*"):
                channel.client.delete(key)


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
