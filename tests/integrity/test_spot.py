"""One row looked at, now: still there, gone, or nobody knows."""

import pytest
from django.db.models import F

from integrity.audit import SYSTEM
from integrity.invariants import CustomSQL, invariant, invariants
from integrity.invariants.declare import Observation, Observed, declare
from integrity.models import Finding
from integrity.spot import check_one, check_rows
from integrity.sweep import check
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lost(lost_books):
    """A lost book, found."""
    lost_books()
    book = Book.objects.create(state="lost", title="Emma")
    check(by=SYSTEM)
    return book


def test_what_is_still_there_shows_what_is_there_now(lost):
    Book.objects.update(title="Persuasion")
    spot = check_one(Finding.objects.get())
    assert spot.result == "broken"
    assert [each.evidence for each in spot.violations] == [{"actual": "Persuasion"}]


@pytest.mark.parametrize(
    "change", [lambda: Book.objects.update(state="kept"), Book.objects.all().delete]
)
def test_what_is_gone_holds_and_stays_open_until_a_complete_check(lost, change):
    change()
    assert check_one(Finding.objects.get()).result == "holds"
    assert Finding.objects.get().state == Finding.State.OPEN


def test_what_cannot_be_asked_is_unknown_and_says_why(lost):
    invariants._entries.clear()
    declare(CustomSQL("toy.no_book_is_lost", model="toy.Book", sql="SELECT 1 / 0"))
    spot = check_one(Finding.objects.get())
    assert (spot.result, spot.reason) == ("unknown", "division by zero")


def test_what_nobody_declares_any_more_cannot_be_looked_at(lost):
    invariants._entries.clear()
    assert check_one(Finding.objects.get()) is None


def test_what_is_observed_is_observed_again(declared):
    class Weather(Observation):
        def observe(self):
            return [Observed("sky:north", {"actual": "grey"})]

    declared(Weather("toy.the_sky_is_blue"))
    check(by=SYSTEM)
    assert check_one(Finding.objects.get()).result == "broken"
    Finding.objects.update(subject="sky:south")
    assert check_one(Finding.objects.get()).result == "holds"


def test_several_are_asked_of_a_few_rows_each(declared):
    @invariant("toy.no_book_is_lost")
    def no_book_is_lost():
        return Book.objects.filter(state="lost").annotate(actual=F("title"))

    lost = Book.objects.create(state="lost")
    kept = Book.objects.create(state="kept")
    one = invariants.get("toy.no_book_is_lost")
    spots = check_rows([(one, [lost.pk]), (one, [kept.pk]), (one, [])])
    assert [each.result for each in spots] == ["broken", "holds", "holds"]
