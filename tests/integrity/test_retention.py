"""What expires goes, in small batches; what somebody may still need stays, and no clock is trusted
that contradicts the rows."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F, Sum
from django.db.models.functions import Now
from django.utils import timezone

from integrity import retention, tasks
from integrity.audit import SYSTEM
from integrity.invariants import invariants
from integrity.leases import AlreadyRunning, begin
from integrity.models import (
    Alert,
    AuditEntry,
    EffectCount,
    Finding,
    FlowOutcome,
    Incident,
    Run,
    RunResult,
)
from integrity.retention import ClockInDoubt, count_expired, purge
from integrity.sweep import check
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
OLD = timedelta(days=91)


def age(by=OLD):
    """Make all there is so much older."""
    Run.objects.update(started_at=F("started_at") - by, finished_at=F("finished_at") - by)
    RunResult.objects.update(at=F("at") - by)
    Finding.objects.update(last_seen_at=F("last_seen_at") - by, resolved_at=F("resolved_at") - by)


def checked():
    return check(by=SYSTEM).run


def test_superseded_results_and_their_runs_go(lost_books):
    lost_books()
    checked()
    age()
    new = checked()
    assert count_expired()["results"] == 1
    counts = purge(by=SYSTEM)
    assert (counts["results"], counts["runs"]) == (1, 1)
    assert list(Run.objects.exclude(kind="purge")) == [new]
    assert count_expired()["results"] == 0


def test_the_newest_results_of_an_invariant_stay_however_old(lost_books):
    lost_books()
    complete = checked()
    age()

    def fails():
        raise LookupError

    object.__setattr__(invariants.get("toy.no_book_is_lost"), "query", fails)
    unknown = [checked() for _ in range(2)]
    age()
    begin(kind=Run.Kind.CHECK, scope="now", by=SYSTEM)
    purge(by=SYSTEM)
    kept = set(RunResult.objects.values_list("run_id", flat=True))
    assert kept == {complete.pk, unknown[1].pk}


def test_resolved_findings_go_and_others_stay(lost_books):
    lost_books()
    gone, still = Book.objects.create(state="lost"), Book.objects.create(state="lost")
    checked()
    Book.objects.filter(pk=gone.pk).update(state="done")
    checked()
    age()
    begin(kind=Run.Kind.CHECK, scope="now", by=SYSTEM)
    assert purge(by=SYSTEM)["findings"] == 1
    assert Finding.objects.get().subject == f"toy.book:{still.pk}"


def test_what_is_open_again_by_the_time_it_would_go_stays(lost_books, monkeypatch):
    lost_books()
    book = Book.objects.create(state="lost")
    checked()
    Book.objects.update(state="done")
    checked()
    age()
    begin(kind=Run.Kind.CHECK, scope="now", by=SYSTEM)
    batches = retention._batches

    def slowly(expired):
        for batch in batches(expired):
            if expired.model is Finding:
                Book.objects.filter(pk=book.pk).update(state="lost")
                checked()
            yield batch

    monkeypatch.setattr(retention, "_batches", slowly)
    assert purge(by=SYSTEM)["findings"] == 0
    assert Finding.objects.get().state == "open"


def count_things(*, days):
    at = timezone.now() - timedelta(days=days)
    FlowOutcome.objects.create(
        flow="toy.flow",
        hour=at,
        outcome="committed",
        count=2,
        seconds_total=1.5,
        seconds_max=days,
        retries=3,
        timeouts=1,
    )
    EffectCount.objects.create(effect="toy", day=at.date(), delivered=5)


def counted():
    """What a counter says: the sum over all rows."""
    sums = [Sum(name) for name in ("count", "seconds_total", "retries", "timeouts")]
    return FlowOutcome.objects.aggregate(*sums) | EffectCount.objects.aggregate(Sum("delivered"))


def test_what_counters_counted_stays_in_the_sum(declared):
    checked()
    for days in (1, 100, 101):
        count_things(days=days)
    before = counted()
    counts = purge(by=SYSTEM)
    assert (counts["flow outcomes"], counts["delivery counts"]) == (2, 2)
    assert counted() == before
    earlier = FlowOutcome.objects.get(hour=FlowOutcome.EARLIER)
    assert (earlier.count, earlier.seconds_max) == (4, 101)


def test_the_sum_of_what_was_earlier_grows_and_never_expires(declared):
    checked()
    for days in (100, 200):
        count_things(days=days)
        before = counted()
        purge(by=SYSTEM)
        assert counted() == before
    assert FlowOutcome.objects.filter(flow="toy.flow").count() == 1
    assert EffectCount.objects.count() == 1
    assert purge(by=SYSTEM)["flow outcomes"] == 0


def test_the_audit_log_stays(declared):
    checked()
    AuditEntry.objects.create(
        at=Now() - timedelta(days=999),
        actor_kind="operator",
        actor_id="1",
        via="admin",
        verb="toy.done",
        subject="toy:1",
        reason="",
    )
    purge(by=SYSTEM)
    assert AuditEntry.objects.count() == 1


def test_repairs_stay(declared):
    Run.objects.create(
        uid=uuid4(),
        kind="repair",
        state="succeeded",
        actor_kind="operator",
        actor_id="1",
        started_at=Now() - OLD,
        finished_at=Now() - OLD,
    )
    checked()
    purge(by=SYSTEM)
    assert Run.objects.filter(kind="repair").exists()


def test_it_goes_batch_by_batch(lost_books, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    lost_books()
    for _ in range(5):
        checked()
    age()
    checked()
    assert purge(by=SYSTEM)["results"] == 5
    assert RunResult.objects.count() == 1


def test_days_may_be_said_or_set(lost_books, setting):
    lost_books()
    checked()
    age(timedelta(days=10))
    checked()
    assert (count_expired()["runs"], count_expired(days=5)["results"]) == (0, 1)
    setting(HISTORY_DAYS=5)
    assert count_expired()["results"] == 1


@pytest.mark.parametrize("by", [-timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_went_back_or_far_ahead_is_not_believed(lost_books, by):
    lost_books()
    checked()
    age(by)
    with pytest.raises(ClockInDoubt):
        purge(by=SYSTEM)
    assert RunResult.objects.count() == 1
    tasks.purge_history()
    assert not Run.objects.filter(kind="purge").exists()


def test_one_purge_at_a_time(declared):
    checked()
    begin(kind=Run.Kind.PURGE, scope="history", by=SYSTEM)
    with pytest.raises(AlreadyRunning):
        purge(by=SYSTEM)


def test_each_purge_is_a_run_that_says_what_it_did(declared):
    checked()
    tasks.purge_history()
    run = Run.objects.get(kind="purge")
    assert (run.state, run.actor_id) == ("succeeded", "integrity.tasks.purge_history")
    assert run.detail["results"] == 0


class TestTheCommand:
    def test_counts_on_request_and_deletes_otherwise(self, lost_books, manage):
        lost_books()
        checked()
        age()
        checked()
        counted = manage("integrity", "prune", "--dry-run")
        lines = [line.split() for line in counted.out.splitlines()]
        assert lines[:2] == [["WHAT", "WOULD", "GO"], ["results", "1"]]
        assert manage("integrity", "prune").code == 0
        assert RunResult.objects.count() == 1

    def test_exits_4_when_the_clock_is_in_doubt(self, lost_books, manage):
        lost_books()
        checked()
        age(-timedelta(hours=1))
        assert manage("integrity", "prune").code == 4


def test_an_incident_goes_when_it_is_over_for_long_and_its_alerts_with_it(lost_books, setting):
    setting(ALERT_ADDRESSES=["ops@b.example"])
    for name in ("toy.over", "toy.open"):
        lost_books(name)
    Book.objects.create(state="lost")
    checked()
    Incident.objects.filter(subject="toy.over").update(state="resolved", resolved_at=Now() - OLD)
    Alert.objects.update(created_at=Now() - OLD)

    counts = purge(by=SYSTEM)
    assert [each.subject for each in Incident.objects.all()] == ["toy.open"]
    assert Alert.objects.count() == 1
    assert (counts["incidents"], counts["alerts"]) == (2, 0)
    Incident.objects.update(state="resolved", resolved_at=Now() - OLD)
    assert purge(by=SYSTEM)["alerts"] == 1
