"""Applying a plan: exactly its rows, as they were looked at, chunk by chunk, and checked again."""

from datetime import timedelta

import pytest
from django.db.models import F

from integrity.log import bound
from integrity.models import AuditEntry, Finding, PlannedChange, RepairPlan, Run
from integrity.repair import Obstacle
from integrity.repair.apply import apply
from integrity.repair.chunks import CanaryFailed
from integrity.repair.errors import Refused, Stopped
from integrity.repair.plan import plan_repair
from integrity.sweep import check
from tests.database import execute
from tests.integrity.repair.conftest import ADA, mended, planned
from tests.integrity.toy.models import Author, Page

pytestmark = pytest.mark.django_db(transaction=True)


def states():
    return list(PlannedChange.objects.order_by("position").values_list("state", flat=True))


def test_writes_the_rows_and_keeps_them_as_they_became(missing_pages, authors):
    missing_pages()
    authors(3)

    plan = mended("toy.make_pages")

    assert (plan.state, plan.applied, plan.stale, plan.verdict) == ("applied", 3, 0, "holds")
    assert Page.objects.filter(email=F("author__email")).count() == 3
    journal = PlannedChange.objects.get(position=2)
    page = Page.objects.get(pk=journal.key["author_id"])
    assert journal.after == {"author_id": page.pk, "email": page.email, "books": 0, "words": None}


def test_begins_with_one_row_then_ten(missing_pages, authors):
    missing_pages()
    authors(40)

    mended("toy.make_pages")

    chunks = AuditEntry.objects.filter(verb="integrity.repair_chunk_applied").order_by("pk")
    assert [each.detail["applied"] for each in chunks] == [1, 10, 29]


def test_is_a_run_of_its_own_that_ends(missing_pages, authors):
    missing_pages()
    authors(2)

    plan = mended("toy.make_pages")

    run = Run.objects.get(kind="repair")
    assert (run.uid, run.state, run.scope) == (plan.run, "succeeded", "toy.make_pages")
    assert run.detail["applied"] == 2


def test_what_is_logged_meanwhile_names_the_plan_and_the_run(missing_pages, authors):
    missing_pages()
    authors(1)
    seen = []

    plan = apply(
        plan=planned("toy.make_pages").uid, by=ADA, watch=lambda progress: seen.append(bound())
    )

    assert seen[0] == {"plan": str(plan.uid), "run": str(plan.run)}
    assert bound() == {}


def test_resolves_the_findings_by_a_check(missing_pages, authors):
    missing_pages()
    authors(2)
    check(by=ADA)

    mended("toy.make_pages")

    assert set(Finding.objects.values_list("state", flat=True)) == {"resolved"}


class TestRowsThatChanged:
    def test_are_skipped_and_listed(self, drifted_pages, authors):
        drifted_pages()
        first = authors(30, pages=True)[0]
        plan = planned("toy.copy_addresses")
        Page.objects.filter(author=first).update(words=5)

        done = apply(plan=plan.uid, by=ADA)

        assert (done.applied, done.stale, done.verdict) == (29, 1, "broken")
        assert states()[0] == "stale"
        assert Page.objects.get(author=first).email == "old"

    def test_are_skipped_when_their_source_changed(self, drifted_pages, authors):
        drifted_pages()
        first = authors(30, pages=True)[0]
        plan = planned("toy.copy_addresses")
        Author.objects.filter(pk=first.pk).update(email="new@example.com")

        assert apply(plan=plan.uid, by=ADA).stale == 1
        assert Page.objects.get(author=first).email == "old"

    def test_are_skipped_when_they_are_right_now(self, missing_pages, authors):
        missing_pages()
        first = authors(30)[0]
        plan = planned("toy.make_pages")
        Page.objects.create(author=first, email="mine")

        assert apply(plan=plan.uid, by=ADA).stale == 1
        assert Page.objects.get(author=first).email == "mine"

    def test_of_more_than_five_percent_the_plan_is_refused(self, missing_pages, authors):
        missing_pages()
        first, second, *_ = authors(30)
        plan = planned("toy.make_pages")
        Page.objects.bulk_create([Page(author=first), Page(author=second)])

        with pytest.raises(Refused, match="2 of 30"):
            apply(plan=plan.uid, by=ADA)
        assert Page.objects.count() == 2
        refusal = AuditEntry.objects.get(verb="integrity.repair_refused")
        assert "stale" in refusal.detail["error"]

    def test_while_it_works_stop_it_when_they_become_too_many(self, missing_pages, authors):
        missing_pages()
        made = authors(30)
        plan = planned("toy.make_pages")

        def meddle(progress):
            if progress.done == 1:
                Page.objects.bulk_create(Page(author=each) for each in made[5:9])

        with pytest.raises(Stopped, match="4 of 30"):
            apply(plan=plan.uid, by=ADA, watch=meddle)
        stopped = RepairPlan.objects.get()
        assert (stopped.state, stopped.applied, stopped.stale) == ("failed", 7, 4)
        assert Run.objects.get(kind="repair").state == "failed"


class TestRefusals:
    @pytest.fixture
    def plan(self, missing_pages, authors):
        missing_pages()
        authors(2)
        return planned("toy.make_pages")

    def test_a_draft_is_not_applied(self, plan):
        draft = plan_repair(repair="toy.make_pages", by=ADA)
        with pytest.raises(Refused, match="is draft"):
            apply(plan=draft.uid, by=ADA)

    def test_a_plan_is_applied_once(self, plan):
        apply(plan=plan.uid, by=ADA)
        with pytest.raises(Refused, match="is applied"):
            apply(plan=plan.uid, by=ADA)

    def test_a_plan_of_yesterday_is_not_applied(self, plan):
        RepairPlan.objects.update(expires_at=F("created_at") - timedelta(seconds=1))
        with pytest.raises(Refused, match="too old"):
            apply(plan=plan.uid, by=ADA)

    def test_a_plan_that_was_changed_after_its_approval_is_not_applied(self, plan):
        execute("UPDATE integrity_plannedchange SET change = jsonb_set(change, '{books}', '9')")
        with pytest.raises(Refused, match="not what was approved"):
            apply(plan=plan.uid, by=ADA)

    def test_two_plans_of_one_repair_are_not_at_work_at_once(self, plan):
        other = planned("toy.make_pages")

        def meddle(progress):
            if progress.done == 1:
                with pytest.raises(Refused, match="is at work"):
                    apply(plan=other.uid, by=ADA)

        assert apply(plan=plan.uid, by=ADA, watch=meddle).applied == 2

    def test_nothing_of_it_is_left_but_the_record(self, plan):
        RepairPlan.objects.update(expires_at=F("created_at") - timedelta(seconds=1))
        with pytest.raises(Refused):
            apply(plan=plan.uid, by=ADA)

        assert not Page.objects.exists()
        assert not Run.objects.exists()
        assert RepairPlan.objects.get().error.startswith("The plan is too old")


def test_an_obstacle_refuses_it_and_a_typed_word_may_pass_it(missing_pages, authors):
    wall, fence = Obstacle("No way."), Obstacle("It rains.", confirm="wet")
    there = [wall, fence]
    missing_pages(preflight=(lambda: there,))
    authors(1)
    plan = planned("toy.make_pages")

    with pytest.raises(Refused, match="No way"):
        apply(plan=plan.uid, by=ADA, confirmed=["wet"])
    there.remove(wall)
    with pytest.raises(Refused, match="confirm: wet"):
        apply(plan=plan.uid, by=ADA)
    apply(plan=plan.uid, by=ADA, confirmed=["wet"])

    started = AuditEntry.objects.get(verb="integrity.repair_started")
    assert started.detail["confirmed"] == ["wet"]


def test_a_canary_that_does_not_help_leaves_nothing(drifted_pages, authors):
    drifted_pages(copies={"email": F("author__country")})
    authors(20, pages=True)
    plan = planned("toy.copy_addresses")

    with pytest.raises(CanaryFailed):
        apply(plan=plan.uid, by=ADA)

    assert Page.objects.filter(email="old").count() == 20
    failed = RepairPlan.objects.get()
    assert (failed.state, failed.applied) == ("failed", 0)
    assert AuditEntry.objects.get(verb="integrity.repair_failed").detail["error"]


def test_a_row_that_the_database_refuses_is_listed_and_the_others_are_mended(
    missing_pages, authors
):
    missing_pages()
    made = authors(60)
    plan = planned("toy.make_pages")
    bad = made[40].email
    execute(f"ALTER TABLE toy_page ADD CONSTRAINT toy_no CHECK (email <> '{bad}')")
    try:
        done = apply(plan=plan.uid, by=ADA)
    finally:
        execute("ALTER TABLE toy_page DROP CONSTRAINT toy_no")

    assert (done.applied, done.failed, done.state) == (59, 1, "applied")
    assert PlannedChange.objects.get(state="failed").error == "toy_no"
    assert done.applied + done.stale + done.failed == done.changes


def test_each_applied_row_has_its_audit_row_in_the_same_transaction(missing_pages, authors):
    missing_pages()
    authors(15)
    mended("toy.make_pages")

    chunks = set(
        execute(
            "SELECT xmin::text FROM integrity_auditentry"
            " WHERE verb = 'integrity.repair_chunk_applied'"
        )
    )
    assert set(execute("SELECT DISTINCT xmin::text FROM toy_page")) == chunks
    assert set(execute("SELECT DISTINCT xmin::text FROM integrity_plannedchange")) == chunks
