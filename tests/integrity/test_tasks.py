import pytest
from kombu.exceptions import OperationalError

from integrity import tasks
from integrity.models import OutboxMessage
from integrity.tasks import relay_outbox, ring
from tests.courier.office import Office
from tests.integrity.mailroom import Clock, keys, promise

pytestmark = pytest.mark.django_db(transaction=True)


class Bell:
    """Stands for the broker: counts, or is down."""

    def __init__(self):
        self.rings = 0
        self.down = False

    def ring(self, **options):
        self.rings += 1
        self.options = options
        if self.down:
            raise OperationalError("[Errno 111] Connection refused")


@pytest.fixture
def bell(monkeypatch):
    bell = Bell()
    monkeypatch.setattr(relay_outbox, "apply_async", bell.ring)
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
    return bell


class TestRinging:
    def test_a_ring_that_nobody_hears_in_time_is_forgotten(self, bell):
        ring()

        assert bell.options == {"retry": False, "expires": 30}

    def test_a_broker_that_is_down_is_left_in_peace_for_a_while(self, bell, monkeypatch, caplog):
        monkeypatch.setattr(tasks, "time", clock := Clock())
        bell.down = True

        for seconds in (0, 10, 19, 2):
            clock.now += seconds
            ring()

        assert bell.rings == 2
        assert [record.event for record in caplog.records] == ["outbox.doorbell_failed"] * 2

    @pytest.mark.parametrize("broker", ["redis://127.0.0.1:1", "amqp://127.0.0.1:1"])
    def test_it_holds_up_no_promise(self, tmp_path, broker):
        """Clients of a broker like to try for ever."""
        ended = Office(tmp_path, broker).run("-m", "tests.courier.promise", "a")

        assert ended.returncode == 0
        assert "outbox.doorbell_failed" in ended.stderr
        assert keys() == ["a"]


class TestRelaying:
    @pytest.fixture(autouse=True)
    def bites(self, monkeypatch, post):
        monkeypatch.setattr(tasks, "AT_ONCE", 2)

    def test_what_is_left_is_the_next_tasks(self, bell, post):
        promise(*"abc")

        relay_outbox()

        assert (post.keys, bell.rings) == (["a", "b"], 1)

    def test_when_nothing_is_left_nobody_rings(self, bell, post):
        promise("a")

        relay_outbox()

        assert (OutboxMessage.objects.count(), bell.rings) == (0, 0)

    @pytest.mark.parametrize("task", [relay_outbox, tasks.forget_operations])
    def test_a_task_that_kills_its_worker_is_not_handed_to_the_next(self, task):
        """The sweep repeats it anyway; the broker would do so at once, for ever."""
        assert not task.acks_late
