"""The counters of sagas, against sagas that got there by themselves, and the timelines they left."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.transaction import atomic
from django.test.utils import CaptureQueriesContext

from integrity.metrics import exposition
from integrity.models import Saga, SagaCount, SagaEvent
from integrity.saga import counting
from integrity.saga.engine import run_due
from integrity.saga.events import note
from tests.database import execute
from tests.integrity.admin.saga_desk import (  # noqa: F401
    completed,
    left_behind,
    new,
    own_sagas,
    past,
    provider,
    refused,
    retrying,
    taken_back,
    undo_failed,
)
from tests.integrity.saga.toys import KIND
from tests.integrity.test_metrics import scraped

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
NAMES = [f"integrity_{each.name}_total" for each in counting.COUNTERS]
TIMES = "integrity_saga_call_duration_seconds"


def numbers(name):
    """Of the toy's kind, by the other labels, in the order of their names."""
    found = scraped()[name].samples
    return {
        (part, *(value for label, value in labels if label != "kind")): number
        for (part, labels), number in found.items()
        if dict(labels)["kind"] == KIND
    }


def count(name, *labels):
    return numbers(f"integrity_{name}_total")["", *labels]


def everything():
    return {
        (name, *labels): number
        for name in (*NAMES, TIMES)
        for labels, number in numbers(name).items()
    }


def told(event, **detail):
    """In the timelines."""
    facts = {f"detail__{name}": value for name, value in detail.items()}
    return SagaEvent.objects.filter(event=event, **facts).count()


@pytest.fixture
def desk(own_sagas):
    """Of each end one."""
    for begin in (completed, taken_back, refused, undo_failed, left_behind, retrying, past):
        begin(begin.__name__)


def test_each_kind_and_step_counts_from_zero_on(own_sagas):
    assert set(everything().values()) == {0}
    assert count("sagas_started") == 0
    assert count("saga_failures", "pause_asked") == 0
    assert count("sagas_parked", "crash_loop") == 0
    assert count("saga_calls", "mute", "undo") == 0
    assert count("saga_steps", "found", "freeze") == 0


def test_what_sagas_did_is_counted_as_their_timelines_tell_it(desk):
    assert count("sagas_started") == 7
    assert {end: count("sagas_ended", end) for end in ("completed", "compensated", "resolved")} == {
        "completed": 1,
        "compensated": 1,
        "resolved": 1,
    }
    assert count("sagas_turned_back", "by_a_person") == 2
    assert count("sagas_parked", "refused") == 2
    assert count("sagas_parked", "undo_failed") == 1
    for error in ("not_done", "refused"):
        failed = [told(event, error_class=error) for event in ("step_failed", "undo_not_done")]
        assert count("saga_failures", error) == sum(failed) > 1
    begun = numbers("integrity_saga_calls_total")
    assert sum(begun.values()) == told("step_begun") + told("undo_begun") > 7
    assert count("saga_steps", "undo_failed", "mute") == told("step_undo_failed") == 1


def test_a_call_is_counted_with_the_time_it_took(desk):
    times = numbers(TIMES)
    calls = sum(number for (part, *_), number in times.items() if part == "_count")
    assert calls == SagaEvent.objects.filter(detail__has_key="seconds").count() > 7
    undone = SagaEvent.objects.filter(event="step_undone", step="mute", detail__has_key="seconds")
    assert times["_count", "mute", "undo"] == undone.count() > 0


def test_a_worker_that_died_and_a_lost_answer_are_told(own_sagas, provider):
    saga = new("ada")
    provider.faults.append("after")
    run_due()
    execute("UPDATE integrity_saga SET wait = 'at_work', wake_at = now() WHERE id = %s", saga.pk)
    run_due()
    assert count("saga_leases_lost") == told("worker_died") == 1
    assert count("saga_failures", "unknown") == 1
    assert count("saga_steps", "found", "mute") == 1
    assert count("saga_steps", "done", "mute") == 0


def test_no_counter_falls_when_a_saga_is_purged(desk):
    before = everything()
    gone, _ = Saga.objects.exclude(finished_at=None).delete()
    assert gone > 3
    assert everything() == before


def test_what_was_rolled_back_was_never_counted(own_sagas):
    saga, before = new("ada"), everything()
    with atomic():
        note(saga, "residue", steps="mute")
        assert SagaCount.objects.filter(event="residue").exists()
        connection.set_rollback(True)
    assert everything() == before


def test_whichever_connection_has_counted_it_belongs_to_the_sum(own_sagas):
    new("ada")
    mine = SagaCount.objects.get(event="started")
    mine.pk, mine.slot, mine.count = None, (mine.slot + 1) % 16, 41
    mine.save()
    new("bob")
    assert count("sagas_started") == 43


def test_the_past_is_counted_when_the_counts_are_new(desk):
    before = everything()
    SagaCount.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("integrity.migrations.0013_saga_counts").COUNT_THE_PAST)
    # A sum of seconds depends on their order.
    assert everything() == pytest.approx(before)


def test_a_scrape_reads_no_timeline(desk):
    with CaptureQueriesContext(connection) as asked:
        exposition()
    assert not [each["sql"] for each in asked if "integrity_sagaevent" in each["sql"]]
