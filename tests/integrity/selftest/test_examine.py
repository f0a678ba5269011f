"""The selftest catches invariants and repairs that don't do what they say."""

import pytest
from django.db.models import F

from integrity.invariants import MissingRelated, invariant
from integrity.models import Finding
from integrity.repair import BackfillMissing, declare_repair
from integrity.selftest.breaking import breaker, breakers, unguarded
from integrity.selftest.database import NotOurs, refuse_foreign
from integrity.selftest.examine import examine
from tests.database import execute
from tests.integrity.toy.models import Author, Book, Page

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "toy.every_author_has_a_page"


@pytest.fixture(autouse=True)
def own_breakers(monkeypatch):
    monkeypatch.setattr(breakers, "_entries", {})


@pytest.fixture
def pages(declared):
    declared(MissingRelated(NAME, model="toy.Author", related="page"))

    def declare(**values):
        declare_repair(
            BackfillMissing(
                "toy.make_pages",
                invariant=NAME,
                statement="Makes the page.",
                into="toy.Page",
                values={"author_id": F("pk"), "books": 0} | values,
            )
        )

    return declare


def test_what_does_what_it_says_has_no_problems(pages):
    pages()
    breaker(NAME)(lambda: Author.objects.create(email="a"))

    examined = examine(NAME)

    assert (examined.problems, examined.repair, examined.undo) == ([], "toy.make_pages", "undone")
    assert not Page.objects.exists()


def test_an_undo_that_breaks_a_promise_is_foretold(pages):
    pages()
    breaker(NAME)(lambda: Author.objects.create(email="a"))
    execute(
        "CREATE FUNCTION toy_keep() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''kept'' USING ERRCODE = ''23514'', CONSTRAINT = ''toy_kept'';"
        " END'"
    )
    execute(
        "CREATE TRIGGER toy_keep BEFORE DELETE ON toy_page FOR EACH ROW EXECUTE FUNCTION toy_keep()"
    )
    try:
        examined = examine(NAME)
    finally:
        execute("DROP FUNCTION toy_keep CASCADE")

    assert (examined.problems, examined.undo) == ([], "refused, as the plan said: toy_kept")


def test_an_invariant_without_a_breaker_is_a_problem(pages):
    pages()
    assert examine(NAME).problems == ["Disappointed: it has no breaker"]


def test_a_breaker_that_breaks_nothing_is_a_problem(pages):
    pages()
    breaker(NAME)(lambda: None)
    (problem,) = examine(NAME).problems
    assert "the check doesn't say so" in problem


def test_an_invariant_that_never_held_is_a_problem(pages):
    pages()
    breaker(NAME)(lambda: None)
    Author.objects.create()
    (problem,) = examine(NAME).problems
    assert "doesn't hold before" in problem


def test_a_repair_that_does_not_help_is_a_problem(pages, declared):
    @invariant("toy.no_book_is_lost")
    def no_book_is_lost():
        return Book.objects.filter(state="lost")

    declare_repair(
        BackfillMissing(
            "toy.write_a_page",
            invariant="toy.no_book_is_lost",
            statement="Does something else.",
            into="toy.Page",
            values={"author_id": F("pk"), "books": 0},
        )
    )
    breaker("toy.no_book_is_lost")(lambda: Book.objects.create(state="lost"))

    (problem,) = examine("toy.no_book_is_lost").problems
    assert "CanaryFailed" in problem
    assert Finding.objects.filter(resolved_at=None).exists()


def test_nothing_is_broken_on_a_database_that_it_did_not_make():
    with pytest.raises(NotOurs):
        refuse_foreign()


def test_what_is_unguarded_is_guarded_again():
    execute("ALTER TABLE toy_book ADD CONSTRAINT toy_named CHECK (title <> '')")
    try:
        with unguarded("toy_book"):
            Book.objects.create(title="")
        assert execute(
            "SELECT convalidated, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = 'toy_named'"
        ) == [(False, "CHECK ((title <> ''::text)) NOT VALID")]
    finally:
        execute("ALTER TABLE toy_book DROP CONSTRAINT toy_named")
