"""Thresholds, severity, and what is only suspected."""

from datetime import timedelta

import pytest
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from integrity.evaluate import evaluate
from integrity.invariants import Severity, invariant
from tests.integrity.toy.models import Author, Book


def lost_books(**options):
    @invariant("toy.no_book_is_lost", **options)
    def no_book_is_lost():
        return Book.objects.filter(state="lost")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("lost", "kept", "result", "severity", "status"),
    [
        (0, 9, "holds", Severity.CRITICAL, "healthy"),
        (1, 9, "holds", Severity.INFO, "healthy"),
        (2, 8, "broken", Severity.WARNING, "degraded"),
        (4, 6, "broken", Severity.CRITICAL, "critical"),
    ],
)
def test_thresholds_say_how_bad_so_many_are(declared, lost, kept, result, severity, status):
    lost_books(severity=Severity.CRITICAL, warn_if="> 1", error_if=">= 40 %")
    Book.objects.bulk_create([Book(state="lost")] * lost + [Book()] * kept)
    report = evaluate()
    found = report.results[0]
    assert (found.result, found.severity, report.status) == (result, severity, status)
    assert found.count == lost


@pytest.mark.django_db(transaction=True)
def test_what_is_tolerated_is_said(declared):
    lost_books(severity=Severity.WARNING, warn_if="> 1")
    Book.objects.create(state="lost")
    assert evaluate().results[0].reason == "1 tolerated by warn_if > 1"


@pytest.mark.django_db(transaction=True)
def test_error_if_alone_makes_fewer_a_warning(declared):
    lost_books(error_if="> 1")
    Book.objects.create(state="lost")
    assert evaluate().results[0].severity == Severity.WARNING


@pytest.mark.django_db(transaction=True)
def test_a_violation_younger_than_its_settle_window_is_suspected(declared):
    lost_books(settle=timedelta(minutes=5), settle_field="changed_at")
    Book.objects.create(state="lost")
    found = evaluate().results[0]
    assert (found.result, found.count, found.suspected) == ("holds", 0, 1)
    Book.objects.create(state="lost", changed_at=Now() - timedelta(minutes=6))
    found = evaluate().results[0]
    assert (found.result, found.count, found.suspected) == ("broken", 1, 1)
    assert [each.suspected for each in found.violations] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_a_violation_that_something_still_works_on_is_suspected(declared):
    moving = Author.objects.filter(pk=OuterRef("author_id"), country="moving")
    lost_books(in_flight=lambda lost: lost.filter(Exists(moving)))
    author = Author.objects.create(country="moving")
    Book.objects.create(state="lost", author=author)
    assert (evaluate().results[0].result, evaluate().results[0].suspected) == ("holds", 1)
    Author.objects.update(country="NO")
    assert (evaluate().results[0].result, evaluate().results[0].suspected) == ("broken", 0)


@pytest.mark.django_db(transaction=True)
def test_what_needs_running_processes_is_left_out_on_demand(declared):
    lost_books(live=True)
    assert [len(evaluate(live=live).results) for live in (True, False)] == [1, 0]
