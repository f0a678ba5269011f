from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.models import Saga
from integrity.saga.claim import claim, park_unknown
from integrity.saga.definition import sagas
from integrity.saga.engine import go_on, run_due
from integrity.saga.held import look
from tests.database import rival
from tests.integrity.saga.toys import begin, declare, events, is_whole, pass_time, settle

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_never_hold_one():
    begin("ada")
    begin("grace")

    first, second = claim(), claim()
    assert {first.subject, second.subject} == {"ada", "grace"}
    assert claim() is None


def test_a_row_that_somebody_holds_is_passed_by():
    begin("ada")
    begin("grace")
    with rival() as other:
        other.execute("SELECT FROM integrity_saga WHERE subject = 'ada' FOR UPDATE")

        assert claim().subject == "grace"
        assert claim() is None


def test_what_has_begun_comes_before_what_has_not():
    half_way = begin("ada")
    claim()
    for name in ("grace", "mary"):
        begin(name)
    Saga.objects.exclude(pk=half_way.pk).update(wake_at=Now() - timedelta(days=1))
    pass_time(61)

    assert claim().pk == half_way.pk


def test_a_worker_that_died_is_on_the_timeline():
    saga = begin()
    claim()
    pass_time(61)
    run_due(limit=1)

    assert "worker_died" in events(saga)
    saga.refresh_from_db()
    assert saga.crashes == 0, "the step it died in is done"


@pytest.mark.parametrize("known", ["nothing", "an older version", "all but its step"])
def test_what_this_code_does_not_know_is_left_to_one_that_does(known):
    declare(2)
    saga = begin()
    assert saga.version == 2
    sagas._entries.clear()
    if known == "an older version":
        declare(1)
    if known == "all but its step":
        declare(2, only=lambda step: step.name != "freeze")
    pass_time(59 * 60)
    assert run_due().taken == 0

    pass_time(2 * 60)
    assert run_due().parked == 1
    saga.refresh_from_db()
    assert (saga.state, saga.attention, events(saga)[-1]) == (
        "attention",
        "unknown_step",
        "attention",
    )


def test_it_stops_at_a_step_that_this_code_does_not_know():
    declare(only=lambda step: step.name != "mute")
    declare(2)
    saga = begin()
    sagas._entries.pop(f"{saga.kind}/2")
    declare(2, only=lambda step: step.name != "mute")
    run_due()
    saga.refresh_from_db()
    assert (look(saga).step.name, saga.wait) == ("mute", "ready")

    declare(2)
    settle()
    assert is_whole() == "closed"
    assert park_unknown() == 0


def test_one_saga_s_trouble_holds_up_no_other(monkeypatch):
    def trouble(held):
        if held.saga.subject == "ada":
            raise RuntimeError("a mistake in the engine")
        return False

    begin("ada")
    begin("grace")
    monkeypatch.setattr("integrity.saga.engine.advance", trouble)

    assert run_due().taken == 2


def test_when_its_time_is_over_the_rest_is_for_anybody():
    saga = begin()
    assert run_due(seconds=-1).taken == 0
    claimed = claim()
    go_on(claimed, stop_at=0)
    saga.refresh_from_db()
    assert (saga.position, saga.wait) == (1, "ready")
