"""What a look at some rows says, and what it says it doesn't prove."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.evaluate import evaluate
from integrity.invariants import invariant
from integrity.rungs import Estimate, Sample, Since, since
from tests.integrity.toy.models import Book, Tag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lost_books(declared):
    @invariant("toy.no_book_is_lost", since_field="changed_at")
    def no_book_is_lost():
        return Book.objects.filter(state="lost")


def looked(rung):
    return evaluate(rung=rung).results[0]


def test_a_sample_without_a_violation_is_unknown_and_says_how_many_there_may_be(lost_books):
    Book.objects.bulk_create([Book() for _ in range(1000)])
    found = looked(Sample(10))
    assert (found.result, found.count, found.complete) == ("unknown", 0, False)
    assert found.reason == "none in a sample of about 100 of 1,000 rows; up to 30 may violate it"


def test_a_violation_in_a_sample_breaks_the_invariant(lost_books):
    Book.objects.bulk_create([Book(state="lost") for _ in range(10)])
    found = looked(Sample(100))
    assert (found.result, found.count, found.complete) == ("broken", 10, False)
    assert found.reason == "10 in a sample of about 10 of 10 rows: about 10 in all"


def test_a_sample_looks_at_fewer_rows(lost_books):
    Book.objects.bulk_create([Book(state="lost", title="x" * 500) for _ in range(2000)])
    assert looked(Sample(5)).count < 1000


def test_a_composite_key_is_not_sampled(declared):
    @invariant("toy.no_tags")
    def no_tags():
        return Tag.objects.all()

    assert looked(Sample(1)).reason == "a table with a composite key is not sampled"


def test_since_looks_at_what_changed_and_says_so(lost_books):
    Book.objects.create(state="lost", changed_at=Now() - timedelta(days=3))
    found = looked(Since(timedelta(days=1)))
    assert (found.result, found.count) == ("unknown", 0)
    assert found.reason == "only the rows of the last 1 day, 0:00:00 were looked at"
    assert looked(Since(timedelta(days=4))).result == "broken"


def test_since_is_unknown_where_nothing_says_what_changed(declared):
    @invariant("toy.no_book_is_lost")
    def no_book_is_lost():
        return Book.objects.filter(state="lost")

    assert looked(Since(timedelta(days=1))).reason == "it declares no since_field"


def test_an_estimate_reads_nothing_and_proves_nothing(lost_books):
    Book.objects.create(state="lost")
    found = looked(Estimate())
    assert (found.result, found.count) == ("unknown", None)
    assert found.reason.startswith("no row was read; the planner expects about ")


def test_a_time_is_read_as_people_write_it():
    assert since("24h") == Since(timedelta(hours=24))
    assert since("7d").label == "rows of the last 7 days, 0:00:00"
    with pytest.raises(ValueError, match="write 90m, 24h or 7d"):
        since("soon")
