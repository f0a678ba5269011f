"""Deletions of accounts that three vendors know, while everything befalls the workers.

STORM_SECONDS makes it longer, STORM_SEED the same again; `-rP` shows what has struck.
"""

import os
from contextlib import suppress

import pytest

from accounts.actors import acting
from accounts.errors import AccountError
from accounts.leaving.deletion import stay
from accounts.simulators.faults import Fault
from integrity.audit import Actor
from integrity.models import Saga, SagaEvent
from integrity.saga.control import retry
from tests.accounts.leaving.story import begin, known_everywhere
from tests.courier.brokers import BROKERS
from tests.rounds import rounds_until
from tests.storm.frozen import Frozen, order
from tests.storm.oracle import troubles
from tests.storm.weather import Storm, drain

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = float(os.environ.get("STORM_SECONDS", "10"))
ANN = Actor("command", "ann", "the storm is over", via="cli")
PASSING = [
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "status_after", "status": 500},
]
CALLS = {
    "contact": ("resend", ("PATCH", "DELETE"), 422),
    "uid": ("supabase", ("PUT", "DELETE"), 422),
    "subscription": ("stripe", ("POST", "DELETE"), 400),
}


class Couples:
    """They leave one after the other, and some of them think better of it."""

    def __init__(self, vendors, chance):
        self.vendors, self.chance = vendors, chance
        count = max(8, round(SECONDS))
        self.all = [known_everywhere(vendors, f"couple{n}@example.com") for n in range(count)]
        self.waiting, self.leaving = list(self.all), []

    def __call__(self):
        if self.waiting and self.chance.random() < 0.8:
            self._leave(self.waiting.pop())
        if self.leaving and self.chance.random() < 0.1:
            known, saga = self.chance.choice(self.leaving)
            with suppress(AccountError):
                stay(deletion=saga.uid, by=acting(known.user))

    def all_leave(self):
        while self.waiting:
            self._leave(self.waiting.pop())

    def _leave(self, known):
        """A vendor may refuse one of the calls, or fail it in passing."""
        if self.chance.random() < 0.6:
            name = self.chance.choice(list(CALLS))
            vendor, methods, status = CALLS[name]
            refusal = {"kind": "status", "status": status}
            how = self.chance.choice([*PASSING, refusal])
            fault = {"method": self.chance.choice(methods), "path": getattr(known, name), **how}
            self.vendors.all[vendor].faults.add(Fault(**fault))
        self.leaving.append((known, begin(known)))


def look_after(bell):
    """Until all of them are over: a person lets those that need one try again, now that they can."""
    drain(bell)
    stuck = Saga.objects.filter(state="attention")
    for _ in rounds_until(lambda: not stuck.exists(), "the end of every deletion"):
        assert {saga.attention for saga in stuck.all()} <= {"refused", "crash_loop", "undo_failed"}
        for saga in stuck.all():
            retry(saga=saga.uid, by=ANN)
        drain(bell)


@pytest.mark.parametrize("broker", BROKERS)
def test_every_account_goes_everywhere_or_stays_everywhere(offices, vendors, chance, broker):
    couples = Couples(vendors, chance)
    office, bell = offices(broker)
    storm = Storm(office, bell, chance)

    storm.rage(SECONDS, couples)
    couples.all_leave()
    look_after(bell)

    tell(storm)
    assert storm.count["kill -9"]
    assert storm.count["SIGSTOP"]
    assert {known.uid: found for known in couples.all if (found := troubles(known, vendors))} == {}

    # Few sagas and idle workers: else nobody takes over while one is frozen.
    late = known_everywhere(vendors, "late@example.com")
    order(office.folder, "mute_contact").touch()
    saga = begin(late)
    frozen = Frozen.at(saga, office.folder, bell.ring)
    stay(deletion=saga.uid, by=acting(late.user))
    frozen.wait_for_another(saga, bell.ring)
    frozen.thaw()
    look_after(bell)
    assert troubles(late, vendors) == []


def tell(storm):
    states = Saga.objects.values_list("state", flat=True)
    deaths = SagaEvent.objects.filter(event="worker_died").count()
    again = SagaEvent.objects.filter(event="step_begun", detail__attempt__gt=1).count()
    lost = (storm.office.folder / "log").read_text().count("saga.lease_lost")
    print(  # noqa: T201 - as above
        f"{dict(storm.count)}; {len(states)} sagas, {list(states).count('completed')} completed;"
        f" {deaths} taken over, {again} steps begun again, {lost} leases found lost"
    )
