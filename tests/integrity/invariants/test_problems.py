"""A bad declaration fails `manage.py check`: every id has its test."""

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db.models import Q

from integrity import invariants as kinds
from integrity.invariants import Guard, Severity
from integrity.invariants.declare import declared_twice
from tests.integrity.toy.models import Author, Book


def problems():
    return [each for each in run_checks(tags=["integrity"]) if "toy." in each.msg]


def ids():
    return [each.id for each in problems()]


def custom(name="toy.holds", query=lambda: Book.objects.none(), **options):
    kinds.invariant(name, **options)(query)


def test_a_good_declaration_has_no_problem(declared):
    custom(
        settle=timedelta(minutes=1),
        settle_field="changed_at",
        since_field="changed_at",
        guard=Guard("toy.Author"),
        warn_if="> 1",
        error_if="> 1 %",
    )
    assert problems() == []


def test_each_problem_names_the_invariant_and_says_what_to_do(declared):
    custom("nonsense.")
    (found,) = [each for each in run_checks(tags=["integrity"]) if "nonsense" in each.msg]
    assert found.id == "integrity.E101"
    assert found.hint


def test_e100_declared_twice(declared):
    custom()
    custom()
    assert ids() == ["integrity.E100"]
    declared_twice.clear()


@pytest.mark.parametrize("name", ["toy.", "toy.Has_Capitals", "toy.a.b", "toy.with space"])
def test_e101_the_name_is_no_name(declared, name):
    custom(name)
    assert ids() == ["integrity.E101"]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: kinds.MissingRelated("toy.a", model="toy.Nobody", related="page"),
        lambda: kinds.OrphanedForeignKey("toy.a", model="nowhere.Book", field="author"),
        lambda: kinds.CustomSQL("toy.a", model="Book", sql="SELECT 1"),
        lambda: kinds.CounterDrift(
            "toy.a", model="toy.Page", counter="books", counted="toy.Nothing", by="author"
        ),
    ],
)
def test_e102_there_is_no_such_model(declared, bad):
    declared(bad())
    assert ids() == ["integrity.E102"]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: kinds.MissingRelated("toy.a", model="toy.Author", related="diary"),
        lambda: kinds.OrphanedForeignKey("toy.a", model="toy.Book", field="writer"),
        lambda: kinds.OrphanedGenericForeignKey("toy.a", model="toy.Note", field="aim"),
        lambda: kinds.FieldDrift("toy.a", model="toy.Page", field="email", source="author__mail"),
        lambda: kinds.Uniqueness("toy.a", model="toy.Author", fields=("nick",)),
        lambda: kinds.AcceptedValues("toy.a", model="toy.Book", field="status", values=[1]),
        lambda: kinds.Stuck(
            "toy.a", model="toy.Book", since="then", longer_than=timedelta(1), where=Q(state="x")
        ),
        lambda: kinds.MissingRelated(
            "toy.a", model="toy.Author", related="page", since_field="changed_at"
        ),
    ],
)
def test_e103_there_is_no_such_field(declared, bad):
    declared(bad())
    assert ids() == ["integrity.E103"]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: kinds.MissingRelated("toy.a", model="toy.Book", related="author"),
        lambda: kinds.OrphanedForeignKey("toy.a", model="toy.Book", field="state"),
        lambda: kinds.OrphanedGenericForeignKey("toy.a", model="toy.Note", field="kind"),
    ],
)
def test_e104_it_is_another_kind_of_relation(declared, bad):
    declared(bad())
    assert ids() == ["integrity.E104"]


def test_e105_the_threshold_says_nothing(declared):
    custom(error_if="many")
    assert ids() == ["integrity.E105"]


@pytest.mark.parametrize(
    "options",
    [
        {"severity": Severity.WARNING, "error_if": "> 1"},
        {"severity": Severity.CRITICAL, "warn_if": "> 1"},
    ],
)
def test_e106_thresholds_and_severity_contradict_each_other(declared, options):
    custom(**options)
    assert ids() == ["integrity.E106"]


@pytest.mark.parametrize("options", [{"settle": timedelta(-1)}, {"settle_field": "changed_at"}])
def test_e107_the_settle_window_is_none(declared, options):
    custom(**options)
    assert ids() == ["integrity.E107"]


def test_e108_an_alias_is_taken(declared):
    custom("toy.a", aliases=("toy.b",))
    custom("toy.b")
    custom("toy.c", aliases=("toy.old",))
    custom("toy.d", aliases=("toy.old",))
    assert ids() == ["integrity.E108", "integrity.E108"]


def test_e109_the_guard_names_no_model(declared):
    custom(guard=Guard("toy.Nobody"))
    assert ids() == ["integrity.E109"]


def test_e110_and_e111_parity_must_name_who_explains_it(declared):
    declared(kinds.RowCountParity("toy.a", left="toy.Author", right="toy.Page", explained_by=()))
    declared(
        kinds.RowCountParity(
            "toy.b", left="toy.Author", right="toy.Page", explained_by=("toy.missing",)
        )
    )
    assert ids() == ["integrity.E110", "integrity.E111"]


@pytest.mark.parametrize(
    "query", [lambda: [1], lambda: Book.objects.filter(nonsense=1), lambda: 1 / 0]
)
def test_e112_the_query_cant_be_built(declared, query):
    custom(query=query)
    assert ids() == ["integrity.E112"]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: kinds.Uniqueness("toy.a", model="toy.Author", fields=()),
        lambda: kinds.AcceptedValues("toy.a", model="toy.Book", field="state", values=[]),
        lambda: kinds.Stuck(
            "toy.a",
            model="toy.Book",
            since="changed_at",
            longer_than=timedelta(),
            where=Q(state="x"),
        ),
    ],
)
def test_e113_it_says_nothing(declared, bad):
    declared(bad())
    assert ids() == ["integrity.E113"]


@pytest.mark.parametrize(
    "query",
    [lambda: Book.objects.all()[:5], lambda: Author.objects.all().union(Author.objects.all())],
)
def test_e114_the_queryset_cant_be_narrowed(declared, query):
    custom(query=query)
    assert ids() == ["integrity.E114"]


def test_what_the_project_declares_has_no_problem():
    assert declared_twice == []
    assert run_checks(tags=["integrity"]) == []
