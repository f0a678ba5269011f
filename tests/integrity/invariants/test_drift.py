import pytest
from django.db.models import F, Q

from integrity.evaluate import evaluate
from integrity.invariants import CounterDrift, FieldDrift
from tests.integrity.toy.models import Author, Book, Page

pytestmark = pytest.mark.django_db(transaction=True)


def checked():
    return evaluate().results[0]


def page(original, copy):
    return Page.objects.create(author=Author.objects.create(email=original), email=copy)


class TestFieldDrift:
    def declare_drift(self, declared, **options):
        declared(
            FieldDrift(
                "toy.page_has_the_email",
                model="toy.Page",
                field="email",
                source="author__email",
                **options,
            )
        )

    def test_finds_the_copy_that_differs_also_from_null(self, declared):
        page("a@x.org", "a@x.org")
        page(None, None)
        drifted = [page("a@x.org", "b@x.org"), page("c@x.org", None), page(None, "d@x.org")]
        self.declare_drift(declared)
        assert checked().keys == [str(each.pk) for each in drifted]

    def test_shows_what_was_expected_and_what_is_there(self, declared):
        page("a@x.org", None)
        self.declare_drift(declared)
        assert checked().violations[0].evidence == {"expected": "a@x.org", "actual": None}

    def test_shows_nothing_that_is_personal(self, declared):
        page("ann@x.org", "bob@x.org")
        self.declare_drift(declared, personal=True)
        assert checked().violations[0].evidence == {"expected": "a… (9)", "actual": "b… (9)"}

    def test_takes_an_expression_as_the_source(self, declared):
        author = Author.objects.create(country="NO")
        Page.objects.create(author=author, email="no")
        declared(
            FieldDrift(
                "toy.page_has_the_country",
                model="toy.Page",
                field="email",
                source=lambda: F("author__country"),
            )
        )
        assert checked().violations[0].evidence == {"expected": "NO", "actual": "no"}


class TestCounterDrift:
    def author(self, *, books, counted):
        author = Author.objects.create()
        for state in books:
            Book.objects.create(author=author, state=state, words=100)
        return Page.objects.create(author=author, books=counted or 0, words=counted)

    def test_finds_counters_that_are_too_high_too_low_or_count_nothing(self, declared):
        self.author(books=["done", "draft"], counted=1)
        self.author(books=[], counted=0)
        low, high = self.author(books=["done"], counted=0), self.author(books=[], counted=3)
        declared(
            CounterDrift(
                "toy.page_counts_books",
                model="toy.Page",
                counter="books",
                counted="toy.Book",
                by="author",
                where=Q(state="done"),
            )
        )
        shown = [(each.key, each.evidence) for each in checked().violations]
        assert shown == [
            (str(low.pk), {"expected": 1, "actual": 0}),
            (str(high.pk), {"expected": 0, "actual": 3}),
        ]

    def test_sums_where_it_is_a_sum(self, declared):
        self.author(books=["done", "done"], counted=200)
        wrong = self.author(books=["done"], counted=None)
        declared(
            CounterDrift(
                "toy.page_counts_words",
                model="toy.Page",
                counter="words",
                counted="toy.Book",
                by="author",
                total="words",
            )
        )
        found = checked().violations
        assert [(each.key, each.evidence) for each in found] == [
            (str(wrong.pk), {"expected": 100, "actual": None})
        ]
