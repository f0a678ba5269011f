"""Seen, confirmed, back again, gone: each night leads to the right state, and a stale one to none."""

from datetime import timedelta

import pytest
from django.db.models import Value
from django.db.models.functions import Now

from integrity.audit import SYSTEM
from integrity.invariants import Severity, invariant, invariants
from integrity.models import Finding, RunResult
from integrity.rungs import Since
from integrity.sweep import check
from tests.integrity.toy.models import Author, Book

pytestmark = pytest.mark.django_db(transaction=True)
State = Finding.State


def checked(**options):
    return check(by=SYSTEM, **options)


def tally():
    return checked().tallies["toy.no_book_is_lost"]


def found():
    return Finding.objects.get()


def lose(**values):
    return Book.objects.create(state="lost", **values)


def test_a_violation_becomes_an_open_finding(lost_books):
    lost_books(severity=Severity.CRITICAL)
    book = lose(title="Emma")
    done = checked()
    assert done.tallies["toy.no_book_is_lost"].new == 1
    finding = found()
    assert (finding.state, finding.severity) == (State.OPEN, Severity.CRITICAL)
    assert (finding.subject, finding.evidence) == (f"toy.book:{book.pk}", {"actual": "Emma"})
    assert finding.first_run == finding.last_run == done.run.uid
    assert finding.first_seen_at == finding.opened_at == done.report.instant


def test_the_same_violation_is_the_same_finding_whatever_it_shows(lost_books):
    lost_books()
    lose(title="Emma")
    first = checked()
    Book.objects.update(title="Persuasion")
    assert tally().new == 0
    finding = found()
    assert (finding.occurrences, finding.evidence) == (2, {"actual": "Persuasion"})
    assert finding.first_seen_at == first.report.instant < finding.last_seen_at
    assert finding.first_run == first.run.uid != finding.last_run


def test_what_a_complete_run_no_longer_sees_is_resolved(lost_books):
    lost_books()
    lose()
    checked()
    Book.objects.update(state="done")
    assert tally().gone == 1
    assert (found().state, found().resolution) == (State.RESOLVED, "gone")


def test_what_comes_back_has_regressed(lost_books):
    lost_books()
    lose()
    checked()
    Book.objects.update(state="done")
    checked()
    Book.objects.update(state="lost")
    counts = tally()
    assert (counts.new, counts.regressed) == (0, 1)
    finding = found()
    assert (finding.state, finding.regressed) == (State.OPEN, True)
    assert finding.regressed_at == finding.present_since == finding.opened_at
    assert tally().regressed == 0


def test_an_unknown_result_resolves_nothing(lost_books, declared):
    lost_books()
    lose()
    checked()

    invariants._entries.clear()

    @invariant("toy.no_book_is_lost")
    def fails():
        raise LookupError

    assert checked().run.status == "degraded"
    assert not checked().run.complete
    assert found().state == State.OPEN


def test_a_look_at_some_rows_opens_findings_and_resolves_none(lost_books):
    lost_books(since_field="changed_at")
    lose(changed_at=Now() - timedelta(days=9))
    checked()
    Book.objects.update(state="done")
    lose()
    done = checked(rung=Since(timedelta(days=1)))
    assert not done.run.complete
    assert sorted(Finding.objects.values_list("state", flat=True)) == ["open", "open"]


def test_the_state_that_an_operator_set_stays(lost_books):
    lost_books()
    lose()
    checked()
    Finding.objects.update(state=State.ACKNOWLEDGED)
    checked()
    assert found().state == State.ACKNOWLEDGED


@pytest.mark.parametrize("state", [State.SNOOZED, State.FALSE_POSITIVE])
def test_a_silenced_finding_speaks_again_when_its_time_is_over(lost_books, state):
    lost_books()
    lose()
    checked()
    Finding.objects.update(state=state, until=Now() + timedelta(days=1))
    assert tally().new == 0
    assert found().state == state
    Finding.objects.update(until=Now() - timedelta(days=1))
    assert tally().new == 1
    assert (found().state, found().until) == (State.OPEN, None)


def test_a_snoozed_finding_resolves_and_a_false_positive_outlasts_a_night_without_it(lost_books):
    lost_books()
    snoozed, false = lose(), lose()
    checked()
    for book, state in ((snoozed, State.SNOOZED), (false, State.FALSE_POSITIVE)):
        Finding.objects.filter(subject=f"toy.book:{book.pk}").update(
            state=state, until=Now() + timedelta(days=1)
        )
    Book.objects.update(state="done")
    checked()
    states = dict(Finding.objects.values_list("subject", "state"))
    assert states[f"toy.book:{snoozed.pk}"] == State.RESOLVED
    assert states[f"toy.book:{false.pk}"] == State.FALSE_POSITIVE
    Finding.objects.filter(state=State.FALSE_POSITIVE).update(until=Now() - timedelta(days=1))
    checked()
    assert not Finding.objects.exclude(state=State.RESOLVED).exists()


def test_a_violation_listed_twice_is_one_finding(declared):
    lost = lose()
    Book.objects.create(title="a"), Book.objects.create(title="b")

    @invariant("toy.twice")
    def twice():
        return Book.objects.filter(pk=lost.pk).extra(tables=["toy_author"])

    Author.objects.create(), Author.objects.create()
    checked()
    assert found().subject == f"toy.book:{lost.pk}"


def test_a_discriminator_keeps_two_violations_of_a_row_apart(declared):
    lose()

    @invariant("toy.left")
    def left():
        return Book.objects.annotate(discriminator=Value("spine"))

    checked()
    assert found().discriminator == "spine"


def test_a_renamed_invariant_keeps_its_findings_and_history(lost_books, declared):
    lost_books("toy.books_are_there")
    lose()
    checked()
    invariants._entries.clear()
    lost_books("toy.no_book_is_lost", aliases=("toy.books_are_there",))
    assert tally().new == 0
    assert (found().invariant, found().occurrences) == ("toy.no_book_is_lost", 2)
    assert set(RunResult.objects.values_list("invariant", flat=True)) == {"toy.no_book_is_lost"}


def test_findings_of_an_invariant_nobody_declares_are_withdrawn(lost_books, declared):
    lost_books()
    lose()
    checked()
    invariants._entries.clear()
    checked()
    assert found().resolution == "withdrawn"


def test_the_result_of_each_invariant_is_kept(lost_books):
    lost_books(severity=Severity.WARNING)
    lose()
    done = checked()
    kept = RunResult.objects.get()
    assert (kept.run_id, kept.result, kept.severity) == (done.run.pk, "broken", Severity.WARNING)
    assert (kept.count, kept.stored, kept.new, kept.rows, kept.complete) == (1, 1, 1, 1, True)
    assert done.run.status == "degraded"
    assert (done.run.state, done.run.complete) == ("succeeded", True)
