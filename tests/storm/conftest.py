import os
import random
import uuid

import pytest

from accounts.simulators.account import configuration
from tests.courier.brokers import BROKERS, forget_queue, skip_unless_it_runs
from tests.courier.office import Office
from tests.storm.weather import WORKERS, Bell, ready, start_worker


@pytest.fixture
def chance():
    """The same again: STORM_SEED=..."""
    seed = os.environ.get("STORM_SEED") or str(random.SystemRandom().randrange(10**6))
    print(f"STORM_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    return random.Random(seed)


@pytest.fixture
def offices(tmp_path, vendors):
    """Workers that know the stand-ins, by one kind of broker, as many as a test asks for."""
    opened = []

    def open_one(broker="filesystem", *, workers=WORKERS, without=""):
        url, port = BROKERS[broker]
        if port:
            skip_unless_it_runs(broker, port)
        folder = tmp_path / f"storm-{uuid.uuid4()}"
        folder.mkdir()
        told = configuration(vendors.url) | {"STORM_WITHOUT": without}
        office = Office(folder, url, settings="tests.storm.settings", told=told)
        opened.append(office)
        for _ in range(workers):
            start_worker(office)
        ready(office, workers)
        return office, Bell(office)

    yield open_one
    for office in opened:
        office.close()
        forget_queue(office.broker, office.folder)
