"""What is only suspected, what an old snapshot says, and what is too much to list."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.audit import SYSTEM
from integrity.evaluate import evaluate
from integrity.invariants import violations as reading
from integrity.leases import begin
from integrity.lifecycle import record
from integrity.models import Finding, Run
from integrity.sweep import check
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
State = Finding.State


def checked():
    return check(by=SYSTEM)


def tally():
    return checked().tallies["toy.no_book_is_lost"]


def found():
    return Finding.objects.get()


def lose(**values):
    return Book.objects.create(state="lost", **values)


class TestSuspected:
    def test_is_confirmed_by_a_second_look_after_the_window(self, lost_books):
        lost_books(settle=timedelta(minutes=5))
        lose()
        done = checked()
        assert done.run.status == "healthy"
        assert (done.report.results[0].count, done.report.results[0].suspected) == (0, 1)
        assert (found().state, found().opened_at) == (State.SUSPECTED, None)
        assert tally().new == 0
        Finding.objects.update(present_since=Now() - timedelta(minutes=6))
        counts, finding = tally(), found()
        assert (counts.new, finding.state, finding.opened_at) == (
            1,
            State.OPEN,
            finding.last_seen_at,
        )
        assert checked().run.status == "critical"

    def test_that_goes_away_was_never_a_finding(self, lost_books):
        lost_books(settle=timedelta(minutes=5))
        lose()
        checked()
        Book.objects.update(state="done")
        assert tally().gone == 0
        assert found().resolution == "settled"
        Book.objects.update(state="lost")
        checked()
        assert (found().state, found().regressed) == (State.SUSPECTED, False)

    def test_does_not_quieten_what_was_open(self, lost_books):
        flying = set()
        lost_books(in_flight=lambda lost: lost.filter(pk__in=flying))
        flying.add(lose().pk)
        checked()
        assert found().state == State.SUSPECTED
        flying.clear()
        checked()
        assert found().state == State.OPEN
        flying.add(Book.objects.get().pk)
        checked()
        assert found().state == State.OPEN


class TestAStaleSnapshot:
    def stale(self):
        """A run that looked before another one did, and writes after it."""
        run = begin(kind=Run.Kind.CHECK, scope="slow", by=SYSTEM)
        report = evaluate()
        return lambda: record(run=run, report=report)

    def test_does_not_resolve_what_a_later_one_found(self, lost_books):
        lost_books()
        write = self.stale()
        lose()
        checked()
        write()
        assert found().state == State.OPEN

    def test_does_not_bring_back_what_a_later_one_saw_gone(self, lost_books):
        lost_books()
        lose()
        checked()
        write = self.stale()
        Book.objects.update(state="done")
        checked()
        write()
        assert (found().state, found().regressed) == (State.RESOLVED, False)


class TestBeyondWhatIsStored:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(reading, "STORED", 2)

    def test_the_count_is_exact_and_the_first_keys_are_stored(self, lost_books):
        lost_books()
        books = [lose() for _ in range(5)]
        result = checked().report.results[0]
        assert (result.count, result.keys) == (5, [str(book.pk) for book in books[:2]])

    def test_only_findings_proven_clean_are_resolved(self, lost_books, monkeypatch):
        lost_books()
        monkeypatch.setattr(reading, "STORED", 10)
        books = [lose() for _ in range(5)]
        checked()
        monkeypatch.setattr(reading, "STORED", 2)
        Book.objects.filter(pk=books[4].pk).update(state="done")
        assert tally().gone == 1
        resolved = Finding.objects.get(state=State.RESOLVED)
        assert resolved.subject == f"toy.book:{books[4].pk}"
