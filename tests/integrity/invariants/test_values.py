from datetime import timedelta

import pytest
from django.db.models import Q
from django.db.models.functions import Now

from integrity.evaluate import evaluate
from integrity.invariants import AcceptedValues, Stuck, Uniqueness
from tests.integrity.toy.models import Author, Book

pytestmark = pytest.mark.django_db(transaction=True)


def checked():
    return evaluate().results[0]


def test_uniqueness_finds_every_row_of_a_group_and_lets_null_be(declared):
    twins = [Author.objects.create(email="a@x.org") for _ in range(2)]
    Author.objects.create(email="b@x.org")
    Author.objects.create(email=None)
    Author.objects.create(email=None)
    declared(Uniqueness("toy.emails_are_unique", model="toy.Author", fields=("email",)))
    assert checked().keys == [str(each.pk) for each in twins]


def test_uniqueness_looks_only_at_the_rows_that_it_is_about(declared):
    for state in ("draft", "done"):
        Book.objects.create(title="same", state=state)
    declared(
        Uniqueness(
            "toy.titles_are_unique", model="toy.Book", fields=("title",), where=Q(state="done")
        )
    )
    assert checked().result == "holds"


def test_accepted_values_finds_the_others_and_shows_them(declared):
    Book.objects.create(state="draft")
    lost = Book.objects.create(state="lost")
    declared(
        AcceptedValues(
            "toy.states_are_known", model="toy.Book", field="state", values=lambda: ["draft"]
        )
    )
    assert [(each.key, each.evidence) for each in checked().violations] == [
        (str(lost.pk), {"actual": "lost"})
    ]


def test_accepted_values_leaves_null_to_not_null(declared):
    Author.objects.create(country=None)
    declared(
        AcceptedValues(
            "toy.countries_are_known", model="toy.Author", field="country", values=["NO"]
        )
    )
    assert checked().result == "holds"


def test_stuck_finds_what_has_stood_still_for_too_long(declared):
    Book.objects.create(state="printing")
    Book.objects.create(state="done", changed_at=Now() - timedelta(days=9))
    stuck = Book.objects.create(state="printing", changed_at=Now() - timedelta(days=2))
    declared(
        Stuck(
            "toy.printing_ends",
            model="toy.Book",
            since="changed_at",
            longer_than=timedelta(days=1),
            where=Q(state="printing"),
        )
    )
    assert checked().keys == [str(stuck.pk)]
