"""What comes over the workers of a test: kills, freezes, cut connections, lost messages."""

import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from threading import Event
from time import monotonic

from celery import Celery
from django.db.models.functions import Now

from config.broker import transport_options
from integrity.models import OutboxMessage, ProviderGate, Saga
from tests.courier.office import Office
from tests.database import execute
from tests.rivals import wait_until
from tests.storm import LEASE

# Each with so many children: while one is frozen, others are idle.
WORKERS, CHILDREN = 2, 2
TASKS = ("integrity.tasks.run_sagas", "integrity.tasks.relay_outbox")


@dataclass
class Bell:
    """Rings as the schedule does, and loses what it rang."""

    office: Office

    def __post_init__(self) -> None:
        self.app = Celery(broker=self.office.broker)
        self.app.conf.broker_transport_options = transport_options(
            self.office.broker, folder=self.office.folder
        )
        self.app.conf.task_default_queue = self.office.folder.name
        self.quiet_until = 0.0

    def ring(self) -> None:
        """Once a moment, however often it is asked."""
        if monotonic() > self.quiet_until:
            for task in TASKS:
                self.app.send_task(task, expires=30)
            self.quiet_until = monotonic() + 0.3

    def lose(self) -> int:
        with self.app.connection_for_write() as connection:
            return connection.default_channel.queue_purge(self.office.folder.name) or 0


@dataclass
class Storm:
    office: Office
    bell: Bell
    random: random.Random
    count: Counter = field(default_factory=Counter)
    frozen: dict[int, float] = field(default_factory=dict)

    def rage(self, seconds: float, meanwhile) -> None:
        """
        Args:
            meanwhile: is called between any two strokes.
        """
        weapons = [self.kill] * 5 + [self.freeze] * 2 + [self.cut] * 2 + [self.lose]
        begin, felled = monotonic(), False
        while monotonic() - begin < seconds:
            self.random.choice(weapons)()
            if not felled and monotonic() - begin > seconds / 2:
                felled = self.fell()
            self.thaw(before=monotonic())
            meanwhile()
            self.bell.ring()
            Event().wait(self.random.uniform(0.02, 0.4))
        self.thaw(before=float("inf"))

    def kill(self) -> None:
        if pid := self._at_work():
            self._signal(pid, signal.SIGKILL)
            self.count["kill -9"] += 1

    def freeze(self) -> None:
        """For longer than a lease."""
        if pid := self._at_work():
            self._signal(pid, signal.SIGSTOP)
            self.frozen[pid] = monotonic() + LEASE * self.random.uniform(1.1, 1.9)
            self.count["SIGSTOP"] += 1

    def thaw(self, *, before: float) -> None:
        for pid in [pid for pid, until in self.frozen.items() if until < before]:
            del self.frozen[pid]
            self._signal(pid, signal.SIGCONT)

    def cut(self) -> None:
        """A worker's connection to the database ends."""
        done = execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database() AND backend_type = 'client backend'"
            " ORDER BY random() LIMIT 1"
        )
        self.count["pg_terminate_backend"] += len(done)

    def lose(self) -> None:
        self.count["messages lost"] += self.bell.lose()

    def fell(self) -> bool:
        """A whole worker, with all that it holds; a new one takes its place."""
        self.office.kill(self.random.choice(self.office.processes))
        self.office.processes = [each for each in self.office.processes if each.poll() is None]
        start_worker(self.office)
        self.count["workers felled"] += 1
        return True

    def _at_work(self) -> int | None:
        """Of the processes that hold a saga, one that is ours and awake."""
        owners = Saga.objects.filter(wait="at_work").exclude(owner="")
        pids = [int(owner.rpartition(":")[2]) for owner in owners.values_list("owner", flat=True)]
        ours = [pid for pid in pids if pid not in self.frozen and self._is_ours(pid)]
        return self.random.choice(ours) if ours else None

    def _is_ours(self, pid: int) -> bool:
        try:
            return os.getsid(pid) in [each.pid for each in self.office.processes]
        except ProcessLookupError:
            return False

    def _signal(self, pid: int, what: signal.Signals) -> None:
        if self._is_ours(pid):
            os.kill(pid, what)


def start_worker(office: Office) -> None:
    office.start_worker("--concurrency", str(CHILDREN), "--without-mingle", "--without-gossip")


def ready(office: Office, workers: int) -> None:
    log = office.folder / "log"
    wait_until(lambda: log.exists() and log.read_text().count(" ready.") >= workers)


def drain(bell: Bell) -> None:
    """Until nothing is under way. Waits for a next try are cut short, leases and quiet times not."""

    def is_over() -> bool:
        bell.ring()
        ProviderGate.objects.filter(shut_until__gt=Now()).update(shut_until=Now())
        Saga.objects.filter(wait__in=["retry", "gate"], wake_at__gt=Now()).update(wake_at=Now())
        OutboxMessage.objects.filter(state="pending", available_at__gt=Now()).update(
            available_at=Now()
        )
        waiting = OutboxMessage.objects.exclude(state="dead").exists()
        return not waiting and not Saga.objects.filter(state__in=Saga.ACTIVE).exists()

    wait_until(is_over)
