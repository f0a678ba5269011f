"""Who notices that the one who notices is dead: each is looked after by another."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity import tasks
from integrity.audit import SYSTEM
from integrity.dashboard import latest_results
from integrity.evaluate import evaluate
from integrity.heartbeats import beat, is_silent
from integrity.invariants import invariant, invariants
from integrity.leases import begin
from integrity.lifecycle import ALL, record
from integrity.models import Heartbeat, Incident, IncidentChange, OutboxMessage, Run
from integrity.watch import WATCHED, keep_watch

pytestmark = pytest.mark.django_db(transaction=True)
LIFE = "integrity.every_process_gives_signs_of_life"


def fall_silent(*names):
    Heartbeat.objects.filter(name__in=names).update(at=Now() - timedelta(minutes=6))


def changes():
    return [(each.step, each.kind) for each in IncidentChange.objects.order_by("pk")]


def results():
    return {each.invariant.name: each.result for each in keep_watch(by=SYSTEM).results}


def test_all_is_well_and_nothing_is_written():
    assert set(results().values()) == {"holds"}
    assert not Run.objects.exists()


@pytest.mark.parametrize("name", ["scheduler", "worker", "relay"])
def test_who_is_silent_is_told_once_and_so_is_its_return(name):
    fall_silent(name)
    assert results()[LIFE] == "broken"
    keep_watch(by=SYSTEM)
    assert (changes(), Run.objects.count()) == ([("opened", "silent")], 1)
    Heartbeat.objects.update(at=Now())

    keep_watch(by=SYSTEM)
    keep_watch(by=SYSTEM)
    assert changes() == [("opened", "silent"), ("resolved", "silent")]
    assert Run.objects.count() == 2


def test_a_sweep_that_looked_before_a_silence_and_ends_after_it_hides_nothing():
    sweep = begin(kind=Run.Kind.CHECK, scope=ALL, by=SYSTEM)
    earlier = evaluate(WATCHED, current=True)
    fall_silent("worker")
    keep_watch(by=SYSTEM)
    record(run=sweep, report=earlier)
    assert latest_results()[LIFE].result == "broken"
    Heartbeat.objects.update(at=Now())

    keep_watch(by=SYSTEM)

    assert changes() == [("opened", "silent"), ("resolved", "silent")]


def test_effects_that_nobody_takes_are_overdue():
    OutboxMessage.objects.create(effect="toy", key="a", available_at=Now() - timedelta(minutes=6))
    keep_watch(by=SYSTEM)

    assert changes() == [("opened", "overdue")]


def test_a_message_that_was_given_up_is_critical():
    OutboxMessage.objects.create(effect="toy", key="a", state="dead", dead_at=Now())
    keep_watch(by=SYSTEM)

    assert Incident.objects.get().subject == "integrity.no_effect_is_dead"
    assert changes() == [("opened", "critical")]


class TestWhatNobodyCouldTell:
    @pytest.fixture(autouse=True)
    def untellable(self, own_registries):
        del invariants._entries[LIFE]

        @invariant(LIFE)
        def fails():
            raise LookupError

    def test_is_said_and_left_to_the_sweep(self):
        assert results()[LIFE] == "unknown"
        assert not Run.objects.exists()

    def test_hides_nothing_that_could_be_told(self):
        OutboxMessage.objects.create(effect="toy", key="a", state="dead", dead_at=Now())
        assert results()[LIFE] == "unknown"
        assert changes() == [("opened", "critical")]


def test_another_watch_at_the_same_time_is_left_to_it():
    fall_silent("worker")
    Run.objects.create(
        kind="check",
        scope=" ".join(sorted(WATCHED)),
        actor_kind="task",
        actor_id="x",
        lease_until=Now() + timedelta(minutes=1),
    )

    assert results()[LIFE] == "broken"
    assert changes() == []


class TestTheScheduler:
    def test_is_missed_by_the_worker_at_any_work_that_the_site_gives_it(self):
        fall_silent("scheduler")
        tasks.relay_outbox()

        assert changes() == [("opened", "silent")]

    def test_alive_needs_no_look(self):
        tasks.relay_outbox()

        assert not Run.objects.exists()


def test_the_relay_is_missed_by_the_watch_that_the_scheduler_sends():
    fall_silent("relay")
    tasks.keep_watch()

    assert changes() == [("opened", "silent")]


def test_who_never_was_expected_is_not_silent():
    assert not is_silent("nobody")
    beat("nobody")
    assert not is_silent("nobody")
    fall_silent("nobody")
    assert is_silent("nobody")
