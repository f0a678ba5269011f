"""A plan: the rows that would change, as they are, and what is known before anything is done."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import F
from django.utils import timezone

from integrity.audit import SYSTEM, Actor
from integrity.findings import mark_false_positive
from integrity.invariants import Guard, OrphanedForeignKey
from integrity.models import AuditEntry, Finding, PlannedChange, RepairPlan
from integrity.registry import UnknownName
from integrity.repair import Obstacle, QuarantineOrphan, declare_repair
from integrity.repair.approve import approve
from integrity.repair.errors import NotFound, Refused
from integrity.repair.plan import NothingToRepair, hash_of, plan_repair
from integrity.sweep import check
from tests.database import execute
from tests.integrity.repair.conftest import ADA, EVE, planned
from tests.integrity.toy.models import Author, Book, Page

pytestmark = pytest.mark.django_db(transaction=True)


def test_stores_each_row_as_it_is_and_as_it_will_be(drifted_pages, authors):
    drifted_pages()
    first, _ = authors(2, pages=True)

    plan = plan_repair(repair="toy.copy_addresses", by=ADA)

    change = PlannedChange.objects.get(position=1)
    assert (plan.subjects, plan.changes, plan.rows, plan.state) == (2, 2, 2, "draft")
    assert (change.action, change.table, change.key) == (
        "update",
        "toy_page",
        {"author_id": first.pk},
    )
    assert change.before == {"author_id": first.pk, "email": "old", "books": 0, "words": 0}
    assert change.change == {"email": "author0@example.com"}
    assert change.after is None
    assert Page.objects.filter(email="old").count() == 2


def test_is_hashed_as_a_whole(missing_pages, authors):
    missing_pages()
    authors(3)
    plan = plan_repair(repair="toy.make_pages", by=ADA)

    assert hash_of(plan) == plan.hash
    execute("UPDATE integrity_plannedchange SET change = '{}' WHERE position = 2")
    assert hash_of(plan) != plan.hash


def test_is_audited_and_says_who_planned_it(missing_pages, authors):
    missing_pages()
    authors(1)
    plan = plan_repair(repair="toy.make_pages", by=ADA)

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.detail["changes"]) == ("integrity.repair_planned", 1)
    assert (plan.created_by_kind, plan.created_by_id) == ("operator", "ada")
    assert plan.expires_at - plan.created_at == timedelta(minutes=30)


def test_of_nothing_is_not_stored(missing_pages):
    missing_pages()

    with pytest.raises(NothingToRepair):
        plan_repair(repair="toy.make_pages", by=ADA)
    assert not RepairPlan.objects.exists()


def test_of_an_unknown_repair_names_the_nearest(missing_pages):
    missing_pages()

    with pytest.raises(UnknownName, match=r"toy\.make_pages"):
        plan_repair(repair="toy.make_page", by=ADA)


@pytest.mark.parametrize("by", [SYSTEM, Actor("user", "grace")])
def test_is_for_those_who_are_audited(missing_pages, authors, by):
    missing_pages()
    authors(1)

    with pytest.raises(Refused, match="operators"):
        plan_repair(repair="toy.make_pages", by=by)


class TestWhichRows:
    def test_are_those_that_were_named(self, missing_pages, authors):
        missing_pages()
        _, second, third = authors(3)

        subjects = [str(second.pk), f"toy.author:{third.pk}"]
        plan = plan_repair(repair="toy.make_pages", by=ADA, subjects=subjects)

        kept = PlannedChange.objects.filter(plan=plan).order_by("position")
        assert [each.subject for each in kept] == [[second.pk], [third.pk]]

    def test_are_no_more_than_asked_for(self, missing_pages, authors):
        missing_pages()
        authors(5)

        assert plan_repair(repair="toy.make_pages", by=ADA, limit=2).subjects == 2

    def test_are_none_that_somebody_judged_to_be_right(self, missing_pages, authors):
        missing_pages()
        first, second = authors(2)
        check(by=ADA)
        found = Finding.objects.get(subject=f"toy.author:{first.pk}")
        until = timezone.now() + timedelta(days=1)
        mark_false_positive(uids=[found.uid], until=until, by=ADA)

        plan_repair(repair="toy.make_pages", by=ADA)

        assert PlannedChange.objects.get().subject == [second.pk]

    def test_are_none_that_something_is_still_at_work_on(self, drifted_pages, authors):
        options = {"in_flight": lambda rows: rows.filter(books=7)}
        drifted_pages(invariant=options)
        first, second = authors(2, pages=True)
        Page.objects.filter(author=first).update(books=7)

        plan_repair(repair="toy.copy_addresses", by=ADA)

        assert PlannedChange.objects.get().subject == [second.pk]

    def test_are_none_that_have_not_settled(self, declared):
        declared(
            OrphanedForeignKey(
                "toy.books_have_authors",
                model="toy.Book",
                field="author",
                settle=timedelta(hours=1),
                settle_field="changed_at",
            )
        )
        declare_repair(
            QuarantineOrphan(
                "toy.quarantine", invariant="toy.books_have_authors", statement="Sets it aside."
            )
        )
        Author.objects.create()
        Book.objects.create(author_id=404)
        old = Book.objects.create(author_id=404, changed_at="2020-01-01T00:00Z")

        plan_repair(repair="toy.quarantine", by=ADA)

        assert PlannedChange.objects.get().subject == [old.pk]


class TestLimits:
    def test_more_rows_than_a_repair_may_touch_take_a_second_person(self, missing_pages, authors):
        missing_pages(max_affected=(2, 100.0))
        authors(3)

        plan = plan_repair(repair="toy.make_pages", by=ADA)

        assert (plan.over_limit, plan.needs_second_person) == (True, True)

    def test_a_share_counts_from_a_hundred_rows(self, missing_pages, authors):
        missing_pages(max_affected=(10_000, 1.0))
        Page.objects.bulk_create(Page(author=each) for each in authors(97))
        authors(2)
        assert not plan_repair(repair="toy.make_pages", by=ADA).over_limit
        authors(1)
        assert plan_repair(repair="toy.make_pages", by=ADA).over_limit

    def test_a_guard_in_doubt_locks_the_repair(self, declared):
        declared(
            OrphanedForeignKey(
                "toy.books_have_authors",
                model="toy.Book",
                field="author",
                guard=Guard("toy.Author"),
            )
        )
        declare_repair(
            QuarantineOrphan(
                "toy.quarantine", invariant="toy.books_have_authors", statement="Sets it aside."
            )
        )
        Book.objects.create(author_id=404)

        with pytest.raises(Refused, match=r"inconclusive.*toy\.Author is empty"):
            plan_repair(repair="toy.quarantine", by=ADA)

    def test_what_is_in_the_way_is_said(self, missing_pages, authors):
        missing_pages(preflight=(lambda: [Obstacle("The printer is off.")],))
        authors(1)

        assert plan_repair(repair="toy.make_pages", by=ADA).obstacles == ["The printer is off."]


class TestRehearsal:
    def test_says_what_undoing_it_would_break_and_leaves_nothing(self, missing_pages, authors):
        missing_pages()
        authors(2)
        execute(
            "ALTER TABLE toy_page ADD CONSTRAINT toy_kept CHECK (email <> 'author0@example.com')"
        )
        try:
            plan = plan_repair(repair="toy.make_pages", by=ADA)
        finally:
            execute("ALTER TABLE toy_page DROP CONSTRAINT toy_kept")

        assert (plan.apply_refusal, plan.undo_refusal) == ("toy_kept", "")
        assert not Page.objects.exists()
        assert PlannedChange.objects.filter(state="planned").count() == 2


class TestApproval:
    @pytest.fixture
    def plan(self, missing_pages, authors):
        missing_pages(second_person=True)
        authors(1)
        return plan_repair(repair="toy.make_pages", by=ADA)

    def test_is_signed_and_audited(self, plan):
        approved = approve(plan=plan.uid, hash=plan.hash, by=EVE)

        assert (approved.state, approved.approved_by_id) == ("approved", "eve")
        assert approved.approve_reason == "looks right"
        entry = AuditEntry.objects.get(verb="integrity.repair_approved")
        assert entry.detail == {"hash": plan.hash}

    def test_of_another_plan_than_was_looked_at_is_refused(self, plan):
        with pytest.raises(Refused, match="not the plan"):
            approve(plan=plan.uid, hash="0" * 64, by=EVE)

    def test_without_a_reason_is_refused(self, plan):
        with pytest.raises(Refused, match="reason"):
            approve(plan=plan.uid, hash=plan.hash, by=Actor("operator", "eve", via="admin"))

    def test_by_whoever_planned_it_is_refused_where_it_takes_two(self, plan, setting):
        with pytest.raises(Refused, match="Somebody else"):
            approve(plan=plan.uid, hash=plan.hash, by=ADA)
        setting(SECOND_PERSON=False)
        assert approve(plan=plan.uid, hash=plan.hash, by=ADA).state == "approved"

    def test_comes_too_late_after_half_an_hour(self, plan):
        RepairPlan.objects.update(expires_at=F("created_at") - timedelta(seconds=1))

        with pytest.raises(Refused, match="too old"):
            approve(plan=plan.uid, hash=plan.hash, by=EVE)

    def test_is_given_once_and_to_a_plan_that_is_there(self, plan):
        approve(plan=plan.uid, hash=plan.hash, by=EVE)

        with pytest.raises(Refused, match="is approved"):
            approve(plan=plan.uid, hash=plan.hash, by=EVE)
        with pytest.raises(NotFound):
            approve(plan=UUID(int=0), hash="", by=EVE)


def test_a_plan_of_a_repair_that_takes_one_person_is_approved_by_who_made_it(
    missing_pages, authors
):
    missing_pages()
    authors(1)
    plan = plan_repair(repair="toy.make_pages", by=ADA)

    assert approve(plan=plan.uid, hash=plan.hash, by=ADA).state == "approved"
    assert planned("toy.make_pages").state == "approved"
