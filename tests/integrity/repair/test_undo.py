"""Undo: rows go back as they were, bit by bit, unless somebody has edited them since."""

from datetime import timedelta

import pytest
from django.db.models import F

from integrity.audit import Actor
from integrity.models import AuditEntry, PlannedChange, RepairPlan
from integrity.repair.apply import apply, undo
from integrity.repair.control import cancel, resume
from integrity.repair.errors import Refused
from integrity.repair.standing import sentence, standing_of
from integrity.retention import purge
from tests.database import execute
from tests.integrity.repair.conftest import ADA, mended, planned
from tests.integrity.toy.models import Page

pytestmark = pytest.mark.django_db(transaction=True)


def pages():
    return execute("SELECT to_jsonb(p) FROM toy_page p ORDER BY author_id")


def test_takes_inserted_rows_away(missing_pages, authors):
    missing_pages()
    authors(30)
    plan = mended("toy.make_pages")

    undone = undo(plan=plan.uid, by=ADA)

    assert (undone.state, undone.undone, undone.conflicts) == ("undone", 30, 0)
    assert undone.verdict == "broken"
    assert not Page.objects.exists()


def test_restores_updated_rows(drifted_pages, authors):
    drifted_pages()
    authors(30, pages=True)
    before = pages()
    plan = mended("toy.copy_addresses")

    undo(plan=plan.uid, by=ADA)

    assert pages() == before
    assert AuditEntry.objects.filter(verb="integrity.repair_chunk_undone").exists()


def test_restores_what_a_trigger_changed_with_them(drifted_pages, authors):
    drifted_pages()
    authors(2, pages=True)
    before = pages()
    execute(
        "CREATE FUNCTION toy_touch() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF NEW.email <> ''old'' THEN NEW.words = 99; END IF; RETURN NEW; END'"
    )
    execute(
        "CREATE TRIGGER toy_touch BEFORE UPDATE ON toy_page"
        " FOR EACH ROW EXECUTE FUNCTION toy_touch()"
    )
    try:
        plan = mended("toy.copy_addresses")
        assert set(Page.objects.values_list("words", flat=True)) == {99}
        undo(plan=plan.uid, by=ADA)
    finally:
        execute("DROP FUNCTION toy_touch CASCADE")

    assert pages() == before


def test_leaves_rows_that_were_edited_since_and_lists_them(drifted_pages, authors):
    drifted_pages()
    made = authors(30, pages=True)
    plan = mended("toy.copy_addresses")
    Page.objects.filter(author=made[3]).update(words=7)
    Page.objects.filter(author=made[4]).delete()

    undone = undo(plan=plan.uid, by=ADA)

    assert (undone.undone, undone.conflicts) == (28, 2)
    conflicts = PlannedChange.objects.filter(state="conflict").order_by("position")
    assert [each.subject for each in conflicts] == [[made[3].pk], [made[4].pk]]
    assert Page.objects.get(author=made[3]).email == made[3].email


def test_that_breaks_a_promise_is_refused_and_changes_nothing(missing_pages, authors):
    missing_pages()
    authors(3)
    plan = planned("toy.make_pages")
    apply(plan=plan.uid, by=ADA)
    execute(
        "CREATE FUNCTION toy_keep() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''kept'' USING ERRCODE = ''23514'', CONSTRAINT = ''toy_kept'';"
        " END'"
    )
    execute(
        "CREATE CONSTRAINT TRIGGER toy_keep AFTER DELETE ON toy_page DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION toy_keep()"
    )
    try:
        with pytest.raises(Refused, match="toy_kept"):
            undo(plan=plan.uid, by=ADA)
    finally:
        execute("DROP FUNCTION toy_keep CASCADE")

    assert Page.objects.count() == 3
    assert RepairPlan.objects.get().state == "applied"
    assert undo(plan=plan.uid, by=ADA).undone == 3


class TestRefusals:
    @pytest.fixture
    def plan(self, missing_pages, authors):
        missing_pages()
        authors(2)
        return planned("toy.make_pages")

    def test_before_it_was_applied(self, plan):
        with pytest.raises(Refused, match="nothing to undo"):
            undo(plan=plan.uid, by=ADA)

    def test_a_second_time(self, plan):
        apply(plan=plan.uid, by=ADA)
        undo(plan=plan.uid, by=ADA)
        with pytest.raises(Refused, match="nothing to undo"):
            undo(plan=plan.uid, by=ADA)

    def test_when_its_time_is_over(self, plan):
        apply(plan=plan.uid, by=ADA)
        RepairPlan.objects.update(undo_until=F("started_at") - timedelta(days=1))
        with pytest.raises(Refused, match="over"):
            undo(plan=plan.uid, by=ADA)

    def test_without_a_reason(self, plan):
        apply(plan=plan.uid, by=ADA)
        with pytest.raises(Refused, match="reason"):
            undo(plan=plan.uid, by=Actor("operator", "ada", via="admin"))

    def test_of_what_is_irreversible(self, plan):
        apply(plan=plan.uid, by=ADA)
        RepairPlan.objects.update(irreversible=True)
        with pytest.raises(Refused, match="irreversible"):
            undo(plan=plan.uid, by=ADA)


def test_can_be_kept_for_thirty_days(missing_pages, authors):
    missing_pages()
    authors(1)
    plan = mended("toy.make_pages")

    assert plan.undo_until - plan.finished_at == timedelta(days=30)


class TestTheJournal:
    @pytest.fixture
    def plan(self, missing_pages, authors):
        missing_pages()
        authors(3)
        return planned("toy.make_pages")

    def purged(self):
        return purge(by=ADA)["repair journals"]

    def test_is_kept_while_it_may_be_undone_and_goes_afterwards(self, plan):
        apply(plan=plan.uid, by=ADA)
        assert self.purged() == 0
        RepairPlan.objects.update(undo_until=F("started_at") - timedelta(days=1))

        assert self.purged() == 3
        assert not PlannedChange.objects.exists()
        assert RepairPlan.objects.get().applied == 3

    def test_of_a_plan_that_never_began_goes_a_day_after_it_expired(self, plan):
        assert self.purged() == 0
        RepairPlan.objects.update(expires_at=F("created_at") - timedelta(days=1))

        assert self.purged() == 3

    def test_of_a_repair_at_work_stays(self, plan):
        RepairPlan.objects.update(state="running", undo_until=F("created_at") - timedelta(days=1))

        assert self.purged() == 0


class TestAnUndoThatStops:
    """Half of it was applied, then given up: nothing may apply the other half by accident."""

    @pytest.fixture
    def plan(self, missing_pages, authors):
        missing_pages()
        authors(30)
        plan = planned("toy.make_pages")

        def give_up(progress):
            if progress.done == 11:
                cancel(plan=plan.uid, by=ADA)

        apply(plan=plan.uid, by=ADA, watch=give_up)
        return plan

    def broken_off(self, plan):
        def fail(progress):
            if progress.done:
                raise RuntimeError("the machine is on fire")

        with pytest.raises(RuntimeError):
            undo(plan=plan.uid, by=ADA, watch=fail)
        plan.refresh_from_db()

    def test_can_be_undone_again_and_never_be_resumed_as_a_repair(self, plan):
        self.broken_off(plan)

        assert (plan.state, plan.undone, Page.objects.count()) == ("cancelled", 1, 10)
        assert sentence(standing_of(plan)) == (
            "Its undo stopped: 1 change was put back, and 10 stay. Undo it again for the rest."
        )
        assert standing_of(plan).verbs() == ["undo"]
        with pytest.raises(Refused, match="nothing to resume"):
            resume(plan=plan.uid, by=ADA)

        assert undo(plan=plan.uid, by=ADA).undone == 11
        assert not Page.objects.exists()

    def test_says_what_broke_it_off(self, plan):
        self.broken_off(plan)

        assert plan.error == "RuntimeError: the machine is on fire"

    def test_as_a_promise_would_break_leaves_the_plan_given_up(self, plan):
        execute(
            "CREATE FUNCTION toy_keep() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RAISE EXCEPTION ''kept'' USING ERRCODE = ''23514''; END'"
        )
        execute(
            "CREATE TRIGGER toy_keep BEFORE DELETE ON toy_page"
            " FOR EACH ROW EXECUTE FUNCTION toy_keep()"
        )
        try:
            with pytest.raises(Refused, match="kept"):
                undo(plan=plan.uid, by=ADA)
        finally:
            execute("DROP FUNCTION toy_keep CASCADE")

        plan.refresh_from_db()
        assert (plan.state, Page.objects.count()) == ("cancelled", 11)
