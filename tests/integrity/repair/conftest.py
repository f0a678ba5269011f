import pytest
from django.db.models import F

from integrity.audit import Actor
from integrity.invariants import FieldDrift, MissingRelated
from integrity.repair import BackfillMissing, CopyField, declare_repair
from integrity.repair.apply import apply
from integrity.repair.approve import approve
from integrity.repair.plan import plan_repair
from tests.integrity.toy.models import Author, Page

ADA = Actor("operator", "ada", "incident 12", via="admin")
EVE = Actor("operator", "eve", "looks right", via="admin")


@pytest.fixture
def missing_pages(declared):
    """Every author has a page; the repair makes what is missing."""

    def declare(**options):
        declared(MissingRelated("toy.every_author_has_a_page", model="toy.Author", related="page"))
        values = {"author_id": F("pk"), "email": F("email"), "books": 0}
        return declare_repair(
            BackfillMissing(
                "toy.make_pages",
                invariant="toy.every_author_has_a_page",
                statement="Makes the page.",
                into="toy.Page",
                values=values,
                **options,
            )
        )

    return declare


@pytest.fixture
def drifted_pages(declared):
    """A page has its author's address; the repair copies it."""

    def declare(**options):
        declared(
            FieldDrift(
                "toy.pages_have_the_address",
                model="toy.Page",
                field="email",
                source="author__email",
                **options.pop("invariant", {}),
            )
        )
        return declare_repair(
            CopyField(
                "toy.copy_addresses",
                invariant="toy.pages_have_the_address",
                statement="Copies the address.",
                **options,
            )
        )

    return declare


@pytest.fixture
def authors():
    """Make authors without a page, or with one whose copy has drifted."""

    def make(count, *, pages=False):
        made = Author.objects.bulk_create(
            Author(email=f"author{number}@example.com") for number in range(count)
        )
        if pages:
            Page.objects.bulk_create(Page(author=each, email="old") for each in made)
        return made

    return make


def planned(repair, **options):
    """A plan that is approved, by a second person."""
    plan = plan_repair(repair=repair, by=ADA, **options)
    return approve(plan=plan.uid, hash=plan.hash, by=EVE)


def mended(repair, **options):
    return apply(plan=planned(repair, **options).uid, by=ADA)
