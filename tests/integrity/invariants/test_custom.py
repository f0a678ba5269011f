import pytest
from django.db.models import Value

from integrity.evaluate import evaluate
from integrity.invariants import CustomSQL, invariant
from tests.integrity.toy.models import Author, Book, Tag

pytestmark = pytest.mark.django_db(transaction=True)


def checked():
    return evaluate().results[0]


def test_a_queryset_is_enough(declared):
    lost = Book.objects.create(state="lost")

    @invariant("toy.no_book_is_lost", owner="library")
    def no_book_is_lost():
        return Book.objects.filter(state="lost")

    assert (checked().invariant.statement, checked().keys) == ("No book is lost.", [str(lost.pk)])
    assert checked().invariant.owner == "library"


def test_what_it_annotates_is_evidence(declared):
    Book.objects.create(state="lost")

    @invariant("toy.no_book_is_lost")
    def no_book_is_lost():
        return Book.objects.annotate(expected=Value("here"), discriminator=Value("shelf"))

    assert checked().violations[0].evidence == {"expected": "here"}
    assert checked().violations[0].discriminator == "shelf"


def test_a_composite_key_is_one_text(declared):
    tag = Tag.objects.create(book_id=7, word="a:b")

    @invariant("toy.no_tags")
    def no_tags():
        return Tag.objects.all()

    assert checked().violations[0].subject == "toy.tag:7:a:b"
    assert checked().keys == [f"{tag.book_id}:a:b"]


def test_sql_names_the_keys(declared):
    Author.objects.create(country="NO")
    lost = Author.objects.create(country="XX")
    declared(
        CustomSQL(
            "toy.countries_exist",
            model="toy.Author",
            sql="SELECT id FROM toy_author WHERE country = %s",
            parameters=("XX",),
        )
    )
    assert checked().keys == [str(lost.pk)]


def test_a_query_that_fails_is_unknown_and_stops_no_other(declared):
    declared(CustomSQL("toy.b", model="toy.Author", sql="SELECT nonsense"))

    @invariant("toy.a")
    def a():
        raise LookupError("no such thing")

    @invariant("toy.c")
    def c():
        return Book.objects.none()

    assert [each.result for each in evaluate().results] == ["unknown", "unknown", "holds"]
    assert evaluate().status == "degraded"
