"""Repairs that are begun on a page and done by a worker: once, in order, and by nobody too late."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.flows import AlreadyDone
from integrity.leases import take_queued
from integrity.models import AuditEntry, RepairPlan, Run
from integrity.repair import Obstacle
from integrity.repair.approve import approve
from integrity.repair.control import cancel, pause, resume
from integrity.repair.errors import Refused
from integrity.repair.plan import plan_repair
from integrity.repair.queueing import apply_later, resume_later, undo_later, work_queued
from tests.integrity.repair.conftest import ADA, EVE, mended, planned
from tests.integrity.toy.models import Page

pytestmark = pytest.mark.django_db(transaction=True)
COPY = "toy.copy_addresses"


@pytest.fixture
def drifted(drifted_pages, authors):
    drifted_pages()
    return authors(3, pages=True)


def old():
    return Page.objects.filter(email="old").count()


def state(plan):
    now = RepairPlan.objects.get(pk=plan.pk)
    return now.state, Run.objects.get(uid=now.run).state


def test_it_is_begun_at_once_and_done_by_the_next_worker(drifted):
    plan = planned(COPY)

    apply_later(plan=plan.uid, by=ADA)

    assert (state(plan), old()) == (("running", "queued"), 3)
    assert work_queued() == 1
    assert (state(plan), old()) == (("applied", "succeeded"), 0)
    assert RepairPlan.objects.get().verdict == "holds"
    chunk = AuditEntry.objects.filter(verb="integrity.repair_chunk_applied").latest("pk")
    assert (chunk.actor_id, chunk.via, chunk.reason) == ("ada", "task", "incident 12")


def test_so_is_its_undo(drifted):
    plan = mended(COPY)

    undo_later(plan=plan.uid, by=EVE)

    assert (state(plan), old()) == (("undoing", "queued"), 0)
    assert work_queued() == 1
    assert (state(plan), old()) == (("undone", "succeeded"), 3)


def test_what_is_refused_is_refused_at_once_and_noted(drifted_pages, authors):
    drifted_pages(preflight=(lambda: [Obstacle("A cat sits on it.", confirm="cat")],))
    authors(1, pages=True)
    plan = planned(COPY)

    with pytest.raises(Refused, match="A cat sits on it"):
        apply_later(plan=plan.uid, by=ADA, version=plan.version)
    assert AuditEntry.objects.filter(verb="integrity.repair_refused").count() == 1

    apply_later(plan=plan.uid, by=ADA, version=plan.version, confirmed=["cat"])
    assert state(plan) == ("running", "queued")


def test_who_comes_too_late_is_noted_and_the_plan_is_none_the_worse(drifted):
    plan = planned(COPY)
    apply_later(plan=plan.uid, by=ADA, version=plan.version)
    with pytest.raises(Refused, match="meanwhile"):
        apply_later(plan=plan.uid, by=EVE, version=plan.version)
    work_queued()
    with pytest.raises(Refused, match="only an approved one"):
        apply_later(plan=plan.uid, by=EVE)

    plan.refresh_from_db()
    assert (plan.state, plan.error) == ("applied", "")
    assert AuditEntry.objects.filter(verb="integrity.repair_refused", actor_id="eve").count() == 2


def test_the_same_form_sent_twice_is_done_once(drifted):
    plan = planned(COPY)
    apply_later(plan=plan.uid, by=ADA, operation="a")

    with pytest.raises(AlreadyDone):
        apply_later(plan=plan.uid, by=ADA, operation="a")
    assert (work_queued(), work_queued()) == (1, 0)


def test_so_is_its_undo_and_its_resumption(drifted):
    plan = mended(COPY)
    undo_later(plan=plan.uid, by=ADA, operation="a")
    with pytest.raises(AlreadyDone):
        undo_later(plan=plan.uid, by=ADA, operation="a")
    pause(plan=plan.uid, by=ADA)
    resume_later(plan=plan.uid, by=ADA, operation="b")
    with pytest.raises(AlreadyDone):
        resume_later(plan=plan.uid, by=ADA, operation="b")
    assert (work_queued(), work_queued()) == (1, 0)


def test_what_was_asked_to_give_up_is_not_paused(drifted):
    plan = planned(COPY)
    apply_later(plan=plan.uid, by=ADA)
    assert take_queued(Run.Kind.REPAIR)
    cancel(plan=plan.uid, by=EVE)

    with pytest.raises(Refused, match="asked to give up"):
        pause(plan=plan.uid, by=ADA)
    assert state(plan) == ("running", "cancelling")


@pytest.mark.parametrize(
    "verb",
    [
        lambda plan: approve(plan=plan.uid, hash=plan.hash, by=EVE, version=plan.version),
        lambda plan: apply_later(plan=plan.uid, by=ADA, version=plan.version),
        lambda plan: cancel(plan=plan.uid, by=ADA, version=plan.version),
        lambda plan: pause(plan=plan.uid, by=ADA, version=plan.version),
        lambda plan: resume_later(plan=plan.uid, by=ADA, version=plan.version),
        lambda plan: undo_later(plan=plan.uid, by=ADA, version=plan.version),
    ],
)
def test_an_old_page_does_not_overrule_a_new_one(drifted, verb):
    seen = plan_repair(repair=COPY, by=ADA)
    approve(plan=seen.uid, hash=seen.hash, by=EVE)

    with pytest.raises(Refused, match="meanwhile"):
        verb(seen)
    assert RepairPlan.objects.get().state == "approved"


class TestWaiting:
    @pytest.fixture
    def waiting(self, drifted):
        plan = planned(COPY)
        apply_later(plan=plan.uid, by=ADA)
        return plan

    def test_it_can_be_paused_and_resumed_before_anybody_took_it(self, waiting):
        pause(plan=waiting.uid, by=ADA)
        assert (state(waiting), work_queued()) == (("running", "paused"), 0)

        resume_later(plan=waiting.uid, by=ADA)
        assert work_queued() == 1
        assert state(waiting) == ("applied", "succeeded")

    def test_it_can_be_cancelled(self, waiting):
        cancel(plan=waiting.uid, by=ADA)
        assert (state(waiting), work_queued(), old()) == (("cancelled", "cancelled"), 0, 3)

    def test_somebody_at_a_shell_may_take_it(self, waiting):
        resume(plan=waiting.uid, by=ADA)
        assert (state(waiting), work_queued()) == (("running", "running"), 0)

    def test_nobody_takes_it_when_it_has_waited_too_long(self, waiting):
        Run.objects.update(lease_until=Now() - timedelta(seconds=1))
        assert work_queued() == 0

        resume_later(plan=waiting.uid, by=ADA)
        assert work_queued() == 1


def test_a_worker_that_fails_says_so_and_takes_the_next(drifted, caplog):
    plan = planned(COPY)
    apply_later(plan=plan.uid, by=ADA)
    Page.objects.update(email="edited")

    work_queued()

    now = RepairPlan.objects.get(pk=plan.pk)
    assert (now.state, now.stale) == ("failed", 1)
    assert "no longer fit" in now.error
    assert [each.event for each in caplog.records] == ["repair.not_finished"]


def test_the_doorbell_rings_once_it_is_saved(drifted, setting):
    setting(REPAIR_DOORBELL=f"{__name__}.ring")
    rung.clear()
    apply_later(plan=planned(COPY).uid, by=ADA)
    assert rung == [1]


rung = []


def ring():
    rung.append(Run.objects.filter(kind="repair", state="queued").count())
