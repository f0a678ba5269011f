import pytest

from integrity.evaluate import evaluate
from integrity.invariants import MissingRelated, OrphanedForeignKey, RowCountParity
from tests.integrity.toy.models import Author, Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def checked(declared):
    declared(MissingRelated("toy.missing", model="toy.Author", related="page"))
    declared(OrphanedForeignKey("toy.orphaned", model="toy.Page", field="author"))
    declared(
        RowCountParity(
            "toy.as_many_pages",
            left="toy.Author",
            right="toy.Page",
            explained_by=("toy.missing", "toy.orphaned"),
        )
    )
    return lambda: evaluate(["toy.as_many_pages"]).results[0]


def test_names_what_explains_the_difference(checked):
    authors = Author.objects.bulk_create([Author() for _ in range(4)])
    Page.objects.create(author=authors[0])
    Page.objects.create(author_id=authors[-1].pk + 1)
    found = checked()
    assert (found.result, found.count) == ("broken", 1)
    assert found.violations[0].subject == "toy.author/toy.page"
    assert found.violations[0].evidence == {
        "expected": 4,
        "actual": 2,
        "explained_by": {"toy.missing": 3, "toy.orphaned": -1},
        "unexplained": 0,
    }


def test_equal_counts_hold_even_where_errors_cancel_out(checked):
    author = Author.objects.create()
    Page.objects.create(author_id=author.pk + 1)
    assert checked().result == "holds"
    assert [each.result for each in evaluate().results] == ["holds", "broken", "broken"]
