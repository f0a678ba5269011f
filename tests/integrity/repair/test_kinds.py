"""The ready-made repairs: each mends what its invariant finds, and can be undone."""

import pytest
from django.db.models import F, Q

from integrity.invariants import CounterDrift, OrphanedForeignKey, Uniqueness, invariant
from integrity.models import PlannedChange, RepairPlan
from integrity.repair import (
    Change,
    ChangeRows,
    Kind,
    MergeDuplicates,
    New,
    PlannedAt,
    PruneStale,
    QuarantineOrphan,
    Recount,
    declare_repair,
    insert,
    update,
)
from integrity.repair.apply import apply, undo
from integrity.repair.errors import Refused
from integrity.repair.plan import plan_repair
from tests.database import execute
from tests.integrity.repair.conftest import ADA, mended, planned
from tests.integrity.toy.models import Author, Award, Book, Page, Tag

pytestmark = pytest.mark.django_db(transaction=True)
MENDS = {"statement": "Mends it."}


def table(name):
    return execute(f"SELECT to_jsonb(t) FROM toy_{name} t ORDER BY 1")  # noqa: S608


class TestRecount:
    @pytest.fixture
    def recount(self, declared):
        declared(
            CounterDrift(
                "toy.pages_count_books",
                model="toy.Page",
                counter="books",
                counted="toy.Book",
                by="author",
                where=~Q(state="lost"),
            )
        )
        declare_repair(Recount("toy.recount", invariant="toy.pages_count_books", **MENDS))

    def test_writes_what_is_counted_and_is_undone(self, recount):
        author, idle = Author.objects.create(), Author.objects.create()
        Page.objects.create(author=author, books=9)
        Page.objects.create(author=idle, books=2)
        Book.objects.bulk_create([Book(author=author), Book(author=author, state="lost")])
        before = table("page")

        plan = mended("toy.recount")

        assert plan.verdict == "holds"
        assert list(Page.objects.order_by("pk").values_list("books", flat=True)) == [1, 0]
        undo(plan=plan.uid, by=ADA)
        assert table("page") == before

    def test_skips_what_is_counted_otherwise_by_now(self, recount):
        made = [Author.objects.create() for _ in range(30)]
        Page.objects.bulk_create(Page(author=each, books=1) for each in made)
        plan = planned("toy.recount")
        Book.objects.create(author=made[0])
        Book.objects.bulk_create([Book(author=made[1]), Book(author=made[1])])

        with pytest.raises(Refused, match="2 of 30"):
            apply(plan=plan.uid, by=ADA)


class TestTakingAway:
    @pytest.fixture
    def orphans(self, declared):
        declared(OrphanedForeignKey("toy.books_have_authors", model="toy.Book", field="author"))
        declare_repair(
            QuarantineOrphan("toy.quarantine", invariant="toy.books_have_authors", **MENDS)
        )
        author = Author.objects.create()
        Book.objects.create(author=author)
        Book.objects.bulk_create(Book(author_id=404, title=f"lost {n} \\ € '%") for n in range(3))

    def test_sets_orphans_aside_and_puts_them_back_bit_by_bit(self, orphans):
        before = table("book")

        plan = mended("toy.quarantine")

        assert (plan.verdict, Book.objects.count()) == ("holds", 1)
        kept = PlannedChange.objects.filter(plan=plan, state="applied")
        assert sorted(each.before["title"] for each in kept)[0] == "lost 0 \\ € '%"
        assert undo(plan=plan.uid, by=ADA).undone == 3
        assert table("book") == before

    def test_takes_a_second_person(self, orphans):
        assert plan_repair(repair="toy.quarantine", by=ADA).needs_second_person

    def test_does_not_put_back_what_is_there_again(self, orphans):
        plan = mended("toy.quarantine")
        taken = PlannedChange.objects.filter(plan=plan).order_by("position").first()
        Book.objects.create(pk=taken.key["id"], title="another")

        assert (undone := undo(plan=plan.uid, by=ADA)).conflicts == 1
        assert undone.undone == 2
        assert Book.objects.get(pk=taken.key["id"]).title == "another"

    def test_prunes_rows_with_a_composite_key(self, declared):
        @invariant("toy.no_tag_is_old")
        def no_tag_is_old():
            return Tag.objects.filter(word__startswith="old")

        declare_repair(PruneStale("toy.prune", invariant="toy.no_tag_is_old", **MENDS))
        book = Book.objects.create()
        words = ("new", "old: a", "old:b")
        Tag.objects.bulk_create(Tag(book=book, word=word) for word in words)
        before = table("tag")

        plan = mended("toy.prune")

        assert plan.applied == 2
        assert list(Tag.objects.values_list("word", flat=True)) == ["new"]
        undo(plan=plan.uid, by=ADA)
        assert table("tag") == before


class TestMergingDuplicates:
    @pytest.fixture
    def twins(self, declared):
        declared(Uniqueness("toy.one_author_an_email", model="toy.Author", fields=("email",)))
        declare_repair(
            MergeDuplicates(
                "toy.merge",
                invariant="toy.one_author_an_email",
                moved={"toy.Book": "author_id"},
                **MENDS,
            )
        )
        made = Author.objects.bulk_create(
            Author(email=email) for email in ("a", "a", "b", None, None, "a")
        )
        for author in made:
            Book.objects.bulk_create([Book(author=author), Book(author=author)])
        return made

    def test_keeps_the_first_and_moves_what_pointed_to_the_others(self, twins):
        before = table("author"), table("book")

        plan = mended("toy.merge")

        assert (plan.subjects, plan.changes, plan.verdict) == (2, 6, "holds")
        assert Author.objects.filter(email="a").get() == twins[0]
        assert Book.objects.filter(author=twins[0]).count() == 6
        undo(plan=plan.uid, by=ADA)
        assert (table("author"), table("book")) == before

    def test_leaves_a_row_to_which_something_new_points(self, twins):
        plan = planned("toy.merge")
        Book.objects.create(author=twins[1])

        with pytest.raises(Refused, match="3 of 6"):
            apply(plan=plan.uid, by=ADA)


class TestRowsOfTheProjectsOwn:
    def test_are_written_together_with_new_keys(self, declared):
        @invariant("toy.every_award_has_a_book")
        def every_award_has_a_book():
            return Author.objects.filter(books=None)

        declare_repair(
            ChangeRows(
                "toy.give_books",
                invariant="toy.every_award_has_a_book",
                kind=Kind.CREATE,
                rows=lambda: [
                    insert(
                        "toy.Book",
                        id=New("toy.Book"),
                        author_id=F("pk"),
                        title="first",
                        state="draft",
                        words=1,
                        changed_at=PlannedAt(),
                    ),
                    insert("toy.Tag", book_id=New("toy.Book"), word=F("email")),
                    insert("toy.Award", key=New("toy.Award")),
                    update(country="here"),
                ],
                **MENDS,
            )
        )
        Author.objects.bulk_create(Author(email=f"a{number}") for number in range(3))

        plan = mended("toy.give_books")

        assert (plan.subjects, plan.applied) == (3, 12)
        pairs = Tag.objects.values_list("word", "book__author__email", "book__author__country")
        assert sorted(pairs) == [(f"a{number}", f"a{number}", "here") for number in range(3)]
        assert (Award.objects.count(), Book.objects.first().changed_at) == (3, plan.created_at)
        undo(plan=plan.uid, by=ADA)
        assert not [model for model in (Book, Tag, Award) if model.objects.exists()]
        assert set(Author.objects.values_list("country", flat=True)) == {None}

    def test_that_depend_on_each_other_are_undone_together_or_not(self, declared):
        @invariant("toy.every_award_has_a_book")
        def every_award_has_a_book():
            return Author.objects.filter(books=None)

        declare_repair(
            ChangeRows(
                "toy.give_books",
                invariant="toy.every_award_has_a_book",
                kind=Kind.CREATE,
                rows=lambda: [
                    insert(
                        "toy.Book",
                        id=New("toy.Book"),
                        author_id=F("pk"),
                        title="t",
                        state="s",
                        words=1,
                    ),
                    insert("toy.Tag", book_id=New("toy.Book"), word="one"),
                ],
                **MENDS,
            )
        )
        Author.objects.bulk_create([Author(), Author()])
        plan = mended("toy.give_books")
        Book.objects.filter(pk=Book.objects.first().pk).update(words=8)

        undone = undo(plan=plan.uid, by=ADA)

        assert (undone.undone, undone.conflicts) == (2, 2)
        assert (Book.objects.count(), Tag.objects.count()) == (1, 1)


def test_a_change_of_many_rows_may_find_none(declared):
    @invariant("toy.no_author_is_gone")
    def no_author_is_gone():
        return Author.objects.filter(country="gone")

    declare_repair(
        ChangeRows(
            "toy.send_away",
            invariant="toy.no_author_is_gone",
            kind=Kind.DELETE,
            rows=lambda: [
                Change("delete", "toy.Book", {"author_id": F("pk")}, many=True),
                Change("delete"),
            ],
            **MENDS,
        )
    )
    authors = Author.objects.bulk_create([Author(country="gone"), Author(country="gone")])
    Book.objects.bulk_create([Book(author=authors[0]), Book(author=authors[0])])

    plan = mended("toy.send_away")

    assert (plan.subjects, plan.changes, plan.applied) == (2, 4, 4)
    assert RepairPlan.objects.get().state == "applied"
    undo(plan=plan.uid, by=ADA)
    assert (Author.objects.count(), Book.objects.count()) == (2, 2)
