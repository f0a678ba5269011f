"""Repairs that run by themselves: only where somebody allowed it, and never where it is in doubt."""

import pytest

from integrity.audit import Actor, task_actor
from integrity.invariants import OrphanedForeignKey
from integrity.models import AuditEntry, RepairPlan, RunResult
from integrity.repair import Obstacle, QuarantineOrphan, declare_repair
from integrity.repair.errors import Refused
from integrity.repair.unattended import allow_unattended, forbid_unattended, repair_unattended
from integrity.sweep import check
from tests.integrity.repair.conftest import ADA
from tests.integrity.toy.models import Author, Book, Page

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = task_actor("integrity.tasks.sweep")


def outcomes():
    return [(each.repair, each.outcome) for each in repair_unattended(by=NIGHT)]


@pytest.fixture
def pages(missing_pages, authors):
    missing_pages(max_affected=(5, 100.0))
    authors(3)
    check(by=NIGHT)
    return authors


def test_nothing_runs_unless_it_is_allowed(pages):
    assert outcomes() == []
    allow_unattended(repair="toy.make_pages", by=ADA)
    assert outcomes() == [("toy.make_pages", "applied")]
    assert Page.objects.count() == 3


def test_what_was_allowed_can_be_forbidden(pages):
    allow_unattended(repair="toy.make_pages", by=ADA)
    forbid_unattended(repair="toy.make_pages", by=ADA)

    assert outcomes() == []
    with pytest.raises(Refused):
        forbid_unattended(repair="toy.make_pages", by=ADA)


def test_the_log_says_that_nobody_was_there_and_who_allowed_it(pages):
    allow_unattended(repair="toy.make_pages", by=ADA)
    outcomes()

    log = dict(AuditEntry.objects.values_list("verb", "actor_id"))
    assert log["integrity.unattended_allowed"] == "ada"
    assert log["integrity.repair_planned"] == "integrity.tasks.sweep"
    assert log["integrity.repair_chunk_applied"] == "integrity.tasks.sweep"
    approval = AuditEntry.objects.get(verb="integrity.repair_approved")
    assert (approval.actor_id, approval.reason) == (
        "ada",
        "allowed to run unattended: incident 12",
    )


def test_more_than_it_may_touch_waits_for_a_person(pages):
    allow_unattended(repair="toy.make_pages", by=ADA)
    pages(3)

    assert outcomes() == [("toy.make_pages", "it would change more rows than it may")]
    assert (Page.objects.count(), RepairPlan.objects.get().state) == (0, "cancelled")


def test_what_is_in_the_way_waits_for_a_person(missing_pages, authors):
    missing_pages(preflight=(lambda: [Obstacle("It rains.", confirm="wet")],))
    authors(1)
    check(by=NIGHT)
    allow_unattended(repair="toy.make_pages", by=ADA)

    assert outcomes() == [("toy.make_pages", "It rains.")]
    assert not Page.objects.exists()


@pytest.mark.parametrize("verdict", ["unknown", "holds"])
def test_nothing_runs_unless_the_last_check_is_sure(pages, verdict):
    allow_unattended(repair="toy.make_pages", by=ADA)
    RunResult.objects.update(result=verdict)

    assert outcomes() == [("toy.make_pages", "the last check found nothing for it")]


def test_a_failure_leaves_the_others_to_run(pages, declared):
    allow_unattended(repair="toy.make_pages", by=ADA)
    declared(OrphanedForeignKey("toy.books_have_authors", model="toy.Book", field="author"))
    declare_repair(
        QuarantineOrphan("toy.aside", invariant="toy.books_have_authors", statement="Sets aside.")
    )
    Book.objects.create(author_id=404)
    check(by=NIGHT)
    allow_unattended(repair="toy.aside", by=ADA)
    Author.objects.all().delete()

    told = dict(outcomes())

    assert "inconclusive" in told["toy.aside"]
    assert told["toy.make_pages"] == "nothing is left to do"


def test_orphans_go_into_quarantine_with_the_allower_as_second_person(declared):
    declared(OrphanedForeignKey("toy.books_have_authors", model="toy.Book", field="author"))
    declare_repair(
        QuarantineOrphan(
            "toy.aside",
            invariant="toy.books_have_authors",
            statement="Sets aside.",
            max_affected=(10, 100.0),
        )
    )
    Author.objects.create()
    Book.objects.create(author_id=404)
    check(by=NIGHT)
    allow_unattended(repair="toy.aside", by=ADA)

    assert outcomes() == [("toy.aside", "applied")]
    assert not Book.objects.exists()


@pytest.mark.parametrize(
    "option", [{"kind": "delete"}, {"kind": "external"}, {"irreversible": True}]
)
def test_what_can_not_be_put_right_again_never_runs_by_itself(missing_pages, option):
    missing_pages(**option)
    with pytest.raises(Refused, match="never runs by itself"):
        allow_unattended(repair="toy.make_pages", by=ADA)


def test_a_reason_is_given(missing_pages):
    missing_pages()
    with pytest.raises(Refused, match="reason"):
        allow_unattended(repair="toy.make_pages", by=Actor("operator", "ada", via="admin"))
