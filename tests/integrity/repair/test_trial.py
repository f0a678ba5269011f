"""A trial: what a plan would do, to which tables and invariants, and nothing of it is left."""

import pytest

from integrity.invariants import invariant
from integrity.models import AuditEntry, PlannedChange, RepairPlan
from integrity.repair import trial
from integrity.repair.apply import apply
from integrity.repair.errors import Refused
from integrity.repair.plan import plan_repair
from integrity.repair.trial import Difference, Touched, try_out
from tests.database import execute
from tests.integrity.repair.conftest import ADA, planned
from tests.integrity.toy.models import Author, Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(missing_pages, authors):
    missing_pages()
    authors(20)
    return plan_repair(repair="toy.make_pages", by=ADA)


def test_shows_what_would_hold_and_which_rows_would_be_written(plan):
    seen = try_out(plan=plan.uid, by=ADA)

    assert (seen.applied, seen.stale, seen.refusal, seen.good) == (20, 0, "", True)
    assert seen.differences == [Difference("toy.every_author_has_a_page", 20, 0)]
    assert seen.touched == [Touched("toy_page", 20, 0, 0)]


def test_leaves_nothing_but_the_record(plan):
    try_out(plan=plan.uid, by=ADA)

    assert not Page.objects.exists()
    assert RepairPlan.objects.get().state == "draft"
    assert not PlannedChange.objects.exclude(state="planned").exists()
    assert AuditEntry.objects.get(verb="integrity.repair_tried").detail == {"good": True}


def test_shows_what_it_would_break(plan):
    @invariant("toy.no_page_is_empty")
    def no_page_is_empty():
        return Page.objects.filter(books=0)

    seen = try_out(plan=plan.uid, by=ADA)

    assert Difference("toy.no_page_is_empty", 0, 20) in seen.differences
    assert not seen.good


def test_shows_which_promise_would_refuse_it(plan):
    execute("ALTER TABLE toy_page ADD CONSTRAINT toy_kept CHECK (books > 0)")
    try:
        seen = try_out(plan=plan.uid, by=ADA)
    finally:
        execute("ALTER TABLE toy_page DROP CONSTRAINT toy_kept")

    assert (seen.refusal, seen.good, seen.differences) == ("toy_kept", False, [])


def test_shows_what_has_become_stale(plan):
    Page.objects.create(author=Author.objects.first())

    assert try_out(plan=plan.uid, by=ADA).stale == 1


def test_an_invariant_that_can_not_be_asked_is_not_good(plan):
    @invariant("toy.asks_for_one")
    def asks_for_one():
        return Page.objects.extra(where=["1 / (books - books) > 0"])

    assert Difference("toy.asks_for_one", 0, None) in try_out(plan=plan.uid, by=ADA).differences


def test_is_for_what_has_not_begun_and_is_not_too_large(plan, monkeypatch):
    monkeypatch.setattr(trial, "LARGEST", 19)
    with pytest.raises(Refused, match="at most 19"):
        try_out(plan=plan.uid, by=ADA)
    done = planned("toy.make_pages")
    apply(plan=done.uid, by=ADA)
    with pytest.raises(Refused, match="is applied"):
        try_out(plan=done.uid, by=ADA)
