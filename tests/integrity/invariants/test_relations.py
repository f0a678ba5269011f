import pytest
from django.db import connection
from django.db.models import Q

from integrity.evaluate import evaluate
from integrity.invariants import MissingRelated, OrphanedForeignKey
from tests.integrity.toy.models import Author, Book, Page

pytestmark = pytest.mark.django_db(transaction=True)


def checked():
    return evaluate().results[0]


class TestMissingRelated:
    def test_finds_the_row_nothing_points_to(self, declared):
        whole, lonely = Author.objects.create(), Author.objects.create()
        Page.objects.create(author=whole)
        declared(MissingRelated("toy.every_author_has_a_page", model="toy.Author", related="page"))
        assert (checked().result, checked().keys) == ("broken", [str(lonely.pk)])

    def test_says_which_rows_must_have_it_and_which_related_rows_count(self, declared):
        author = Author.objects.create(country="NO")
        Author.objects.create(country="SE")
        Book.objects.create(author=author, state="draft")
        declared(
            MissingRelated(
                "toy.norwegians_publish",
                model="toy.Author",
                related="books",
                where=Q(country="NO"),
                related_where=Q(state="published"),
            )
        )
        assert checked().keys == [str(author.pk)]
        Book.objects.update(state="published")
        assert checked().result == "holds"

    def test_says_itself_as_a_sentence(self):
        made = MissingRelated("toy.every_author_has_a_page", model="toy.Author", related="page")
        assert made.statement == "Every author has a page."
        assert made.runbook == "docs/runbook/toy.every_author_has_a_page.md"


class TestOrphanedForeignKey:
    def test_finds_the_row_whose_target_is_gone_and_lets_null_be(self, declared):
        author = Author.objects.create()
        Book.objects.create(author=author)
        Book.objects.create(author=None)
        orphan = Book.objects.create(author_id=author.pk + 1)
        declared(
            OrphanedForeignKey("toy.every_book_has_its_author", model="toy.Book", field="author")
        )
        assert checked().keys == [str(orphan.pk)]

    def test_is_unknown_when_the_other_table_is_empty(self, declared):
        Book.objects.create(author_id=1)
        declared(
            OrphanedForeignKey("toy.every_book_has_its_author", model="toy.Book", field="author")
        )
        assert (checked().result, checked().reason) == ("unknown", "toy.Author is empty")

    def test_is_unknown_when_the_other_table_is_missing(self, declared):
        Book.objects.create(author_id=1)
        declared(
            OrphanedForeignKey("toy.every_book_has_its_author", model="toy.Book", field="author")
        )
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE toy_author RENAME TO toy_author_away")
        try:
            assert checked().reason == "the table of toy.Author is missing"
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE toy_author_away RENAME TO toy_author")

    def test_holds_when_both_tables_are_empty(self, declared):
        declared(
            OrphanedForeignKey("toy.every_book_has_its_author", model="toy.Book", field="author")
        )
        assert checked().result == "holds"
