"""The numbers of the pages, against rows that are made by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrity import dashboard
from integrity.invariants import invariants
from integrity.models import Heartbeat, OutboxMessage, PromisedTrigger
from tests.integrity.admin.desk import State, finding, run

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_the_latest_result_of_each_declared_invariant_counts(lost_books):
    lost_books()
    run([("toy.no_book_is_lost", "broken", 3)], ago=DAY)
    newest = run([("toy.no_book_is_lost", "holds", 0), ("toy.forgotten", "broken", 1)])
    latest = dashboard.latest_results()
    assert set(latest) == {"toy.no_book_is_lost"}
    assert (latest["toy.no_book_is_lost"].result, latest["toy.no_book_is_lost"].run) == (
        "holds",
        newest.pk,
    )


def test_findings_are_counted_now_and_a_week_ago():
    now, long_ago = timezone.now(), timezone.now() - 10 * DAY
    finding(seen=long_ago)
    finding(State.ACKNOWLEDGED, seen=long_ago, regressed=True)
    finding()
    finding(State.RESOLVED, seen=long_ago, resolved_at=now - DAY, resolution="gone")
    finding(State.RESOLVED, seen=long_ago, resolved_at=now - 9 * DAY, resolution="gone")
    finding(State.SNOOZED, seen=long_ago)
    finding(State.SUSPECTED)
    (found,) = dashboard.open_findings()
    assert (found.count, found.week_ago, found.change) == (3, 3, 0)
    assert (found.oldest, found.suspected, found.regressed) == (long_ago, 1, 1)


def test_the_worst_comes_first_and_what_is_done_comes_last():
    finding(invariant="toy.minor", severity=2)
    finding(invariant="toy.major", severity=4)
    week_ago = timezone.now() - 8 * DAY
    finding(State.RESOLVED, invariant="toy.done", severity=4, seen=week_ago, resolution="gone")
    found = dashboard.open_findings()
    assert [each.invariant for each in found] == ["toy.major", "toy.minor", "toy.done"]
    assert found[-1].change == -1
    assert dashboard.by_severity(found) == {"Critical": 1, "Error": 0, "Warning": 1, "Info": 0}


def test_violations_are_added_up_by_day_as_the_last_look_saw_them():
    run([("toy.a", "broken", 9)], ago=timedelta(minutes=2))
    run([("toy.a", "broken", 2), ("toy.b", "broken", 3), ("toy.c", "unknown", None)])
    day = dashboard.violations_by_day(90)[-1]
    assert (day.severe, day.warnings, day.infos, day.unknown, day.total) == (5, 0, 0, 1, 5)


def test_a_night_without_its_sweep_was_missed_once_sweeps_are_known():
    noon = datetime(2030, 6, 19, 12, tzinfo=UTC)
    for days, status in ((4, "healthy"), (2, "critical")):
        slot = noon.replace(hour=2) - days * DAY
        run(slot=slot, status=status, started_at=slot)
    failed = noon.replace(hour=2) - DAY
    run(slot=failed, state="failed", status=None, started_at=failed, complete=False)
    words = [each.word for each in dashboard.nights(6, now=noon)]
    assert words == ["not due", "healthy", "missed", "critical", "failed", "not due"]


def test_a_run_that_was_repeated_counts_as_it_ended():
    noon = datetime(2030, 6, 19, 12, tzinfo=UTC)
    slot = noon.replace(hour=2)
    run(slot=slot, state="interrupted", status=None, started_at=slot)
    run(slot=slot, status="healthy", started_at=slot + timedelta(hours=1))
    assert dashboard.nights(1, now=noon)[0].word == "healthy"


def test_the_outbox_is_told_by_what_waits_what_is_dead_and_since_when():
    due = timezone.now() - timedelta(minutes=9)
    OutboxMessage.objects.create(effect="test.note", key="a", available_at=due)
    OutboxMessage.objects.create(effect="test.note", key="b", available_at=timezone.now() + DAY)
    OutboxMessage.objects.create(effect="test.note", key="c", state="dead", dead_at=due)
    assert dashboard.outbox() == dashboard.Outbox(waiting=2, dead=1, oldest_due=due)


def test_triggers_are_told_by_what_became_of_them():
    assert not any(each.astray for each in dashboard.triggers())
    PromisedTrigger.objects.create(
        table="nowhere", name="lost", enabled="O", definition="", function="", fingerprint="0"
    )
    first = dashboard.triggers()[0]
    assert (first.table, first.became, first.astray) == ("nowhere", "missing", True)
    PromisedTrigger.objects.filter(table="nowhere").delete()


def test_the_next_sweeps_are_those_of_the_schedule():
    sweeps = dashboard.next_sweeps(3)
    assert [each.hour for each in sweeps] == [2, 2, 2]
    assert sweeps[0] > timezone.now()
    assert sweeps[1] - sweeps[0] == DAY


def test_a_trend_has_the_worst_of_each_day():
    name = invariants.names()[0]
    run([(name, "broken", 4)], ago=timedelta(seconds=2))
    run([(name, "unknown", None)])
    run([("toy.other", "broken", 9)])
    today = dashboard.trend(name, days=90)[-1]
    assert (today.most, today.broken, today.unknown, today.checks) == (4, 1, 1, 2)


def test_signs_of_life_are_told_by_name():
    Heartbeat.objects.get_or_create(name="a-worker")
    assert "a-worker" in [each.name for each in dashboard.heartbeats()]
    Heartbeat.objects.filter(name="a-worker").delete()
