"""A repair that can't work fails `manage.py check`, with a stable id and a hint."""

import pytest
from django.db.models import F

from integrity.checks import check_integrity
from integrity.invariants import MissingRelated, RowCountParity
from integrity.repair import (
    Action,
    BackfillMissing,
    ChangeRows,
    Kind,
    PruneStale,
    declare_repair,
    insert,
    update,
)
from integrity.repair import declare as registry

NAME = "toy.every_author_has_a_page"


@pytest.fixture(autouse=True)
def invariants(declared, monkeypatch):
    monkeypatch.setattr(registry, "declared_twice", [])
    declared(MissingRelated(NAME, model="toy.Author", related="page"))
    declared(
        RowCountParity("toy.as_many", left="toy.Author", right="toy.Page", explained_by=(NAME,))
    )


def changing(name="toy.mend", invariant=NAME, **options):
    rows = options.pop("rows", None) or (lambda: [update(email="a")])
    return ChangeRows(
        name, invariant=invariant, kind=Kind.UPDATE, statement="Mends it.", rows=rows, **options
    )


def found(*repairs):
    for repair in repairs:
        declare_repair(repair)
    return [
        message.id
        for message in check_integrity()
        if "integrity.E130" <= message.id <= "integrity.E140"
    ]


def pages(**values):
    return BackfillMissing(
        "toy.mend", invariant=NAME, statement="Mends it.", into="toy.Page", values=values
    )


@pytest.mark.parametrize(
    ("repair", "number"),
    [
        (changing("Mend it"), 131),
        (changing(invariant="toy.nothing"), 132),
        (changing(max_affected=(0, 5.0)), 133),
        (changing(max_affected=(1, 101.0)), 133),
        (PruneStale("toy.mend", invariant="toy.as_many", statement="Mends it."), 134),
        (changing(rows=lambda: [insert("toy.Nothing", id=1)]), 135),
        (changing(rows=lambda: [update(nothing=1)]), 136),
        (changing(lock_first="nothing"), 136),
        (changing(rows=lambda: [update()]), 137),
        (pages(email=F("email")), 138),
        (pages(author_id=F("pk"), email=F("adress")), 140),
        (changing(rows=lambda: [update(email=F("author__name"))]), 140),
        (
            Action(
                "toy.mend",
                invariant=NAME,
                kind=Kind.EXTERNAL,
                statement="Mends it.",
                observe=list,
                perform=print,
            ),
            139,
        ),
    ],
)
def test_is_named(repair, number):
    assert found(repair) == [f"integrity.E{number}"]
    problem = next(each for each in check_integrity() if each.id == f"integrity.E{number}")
    assert problem.hint
    assert problem.msg.startswith(repair.name)


def test_a_second_one_of_a_name_is_named():
    assert found(changing(), changing()) == ["integrity.E130"]


def test_nothing_is_wrong_with_what_works():
    assert found(changing("toy.mend"), changing("toy.mend_again")) == []
