"""What expires goes, in small batches; what somebody may still need stays, and no clock is trusted
that contradicts the rows."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F
from django.db.models.functions import Now

from integrity import retention, tasks
from integrity.audit import SYSTEM
from integrity.invariants import invariants
from integrity.leases import AlreadyRunning, begin
from integrity.models import AuditEntry, EffectCount, Finding, FlowOutcome, Run, RunResult
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


def test_counters_go_and_the_audit_log_stays(declared):
    checked()
    for days in (1, 100):
        FlowOutcome.objects.create(
            flow="toy.flow",
            hour=Now() - timedelta(days=days),
            outcome="committed",
            count=1,
            seconds_total=1,
            seconds_max=1,
        )
        EffectCount.objects.create(
            effect="toy", day=Run.objects.get().started_at - timedelta(days=days), delivered=1
        )
    AuditEntry.objects.create(
        at=Now() - timedelta(days=999),
        actor_kind="operator",
        actor_id="1",
        via="admin",
        verb="toy.done",
        subject="toy:1",
        reason="",
    )
    counts = purge(by=SYSTEM)
    assert (counts["flow outcomes"], counts["delivery counts"]) == (1, 1)
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
        assert counted.out.splitlines()[:2] == ["WHAT             WOULD GO", "results          1"]
        assert manage("integrity", "prune").code == 0
        assert RunResult.objects.count() == 1

    def test_exits_4_when_the_clock_is_in_doubt(self, lost_books, manage):
        lost_books()
        checked()
        age(-timedelta(hours=1))
        assert manage("integrity", "prune").code == 4
