"""Pause, resume, cancel: also when the process was killed in the middle of a chunk."""

import os
import signal
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.drill.faults import run_in_child
from integrity.leases import LeaseLost
from integrity.models import AuditEntry, PlannedChange, RepairPlan, Run
from integrity.repair import chunks
from integrity.repair.apply import apply, go_on, undo
from integrity.repair.control import cancel, pause, resume
from integrity.repair.errors import Refused
from tests.database import execute
from tests.integrity.repair.conftest import ADA, EVE, mended, planned
from tests.integrity.toy.models import Page

pytestmark = pytest.mark.django_db(transaction=True)


def silent():
    """The process gives no sign of life for longer than a lease."""
    Run.objects.filter(kind="repair").update(heartbeat_at=Now() - timedelta(seconds=301))


def at(done, act):
    """A watcher that acts once, when so much is done."""
    acted = []

    def watch(progress):
        if progress.done == done and not acted:
            acted.append(act())

    return watch


def rows():
    return execute("SELECT to_jsonb(p) FROM toy_page p ORDER BY author_id")


@pytest.fixture
def plan(missing_pages, authors):
    missing_pages()
    authors(300)
    return planned("toy.make_pages")


def go_on_with(plan, by=ADA, **options):
    run = resume(plan=plan.uid, by=by)
    watching = {"watch": lambda progress: None, "stop": lambda: False} | options
    return go_on(plan=plan.uid, run=run, by=by, **watching)


def test_a_pause_is_taken_between_two_chunks_and_resumed_behind_it(plan):
    apply(plan=plan.uid, by=ADA, watch=at(11, lambda: pause(plan=plan.uid, by=EVE)))

    paused = RepairPlan.objects.get()
    assert (paused.state, paused.cursor, Page.objects.count()) == ("running", 11, 11)
    assert Run.objects.get().state == "paused"

    done = go_on_with(plan)

    assert (done.state, done.applied, done.verdict) == ("applied", 300, "holds")
    assert Run.objects.get(kind="repair").state == "succeeded"
    audited = AuditEntry.objects.filter(verb="integrity.repair_chunk_applied")
    assert sum(each.detail["applied"] for each in audited) == 300


def test_a_cancelled_repair_keeps_what_it_did_and_that_can_be_undone(plan):
    apply(plan=plan.uid, by=ADA, watch=at(11, lambda: cancel(plan=plan.uid, by=EVE)))

    assert (RepairPlan.objects.get().state, Page.objects.count()) == ("cancelled", 11)
    with pytest.raises(Refused, match="nothing to resume"):
        resume(plan=plan.uid, by=ADA)
    assert undo(plan=plan.uid, by=ADA).undone == 11
    assert not Page.objects.exists()


def test_a_plan_that_has_not_begun_is_cancelled_at_once(plan):
    assert cancel(plan=plan.uid, by=ADA).state == "cancelled"
    with pytest.raises(Refused, match="is cancelled"):
        apply(plan=plan.uid, by=ADA)


def test_a_paused_repair_is_cancelled_at_once(plan):
    apply(plan=plan.uid, by=ADA, watch=at(11, lambda: pause(plan=plan.uid, by=EVE)))

    assert cancel(plan=plan.uid, by=ADA).state == "cancelled"
    assert Run.objects.get().state == "cancelled"


def test_an_undo_is_paused_and_resumed_as_well(plan):
    apply(plan=plan.uid, by=ADA)
    undo(plan=plan.uid, by=ADA, watch=at(1, lambda: pause(plan=plan.uid, by=EVE)))
    assert Page.objects.count() == 299

    assert go_on_with(plan).state == "undone"
    assert not Page.objects.exists()


def test_one_that_does_not_run_can_not_be_paused(plan):
    with pytest.raises(Refused, match="nothing is at work"):
        pause(plan=plan.uid, by=ADA)


@pytest.fixture
def killed(plan, monkeypatch):
    """The process was killed in its third chunk, after the rows and before COMMIT."""
    calls = []

    def kill():
        calls.append(1)
        if len(calls) == 3:
            assert connection.in_atomic_block
            assert Page.objects.count() > 11
            os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patched:
        patched.setattr(chunks, "check_deferred", kill)
        assert run_in_child(lambda: apply(plan=plan.uid, by=ADA)) == -signal.SIGKILL
    return plan


class TestKilled:
    def test_leaves_whole_chunks(self, killed):
        plan = RepairPlan.objects.get()
        assert (plan.state, plan.cursor, plan.applied, Page.objects.count()) == (
            "running",
            11,
            11,
            11,
        )
        applied = PlannedChange.objects.filter(state="applied").count()
        audited = AuditEntry.objects.filter(verb="integrity.repair_chunk_applied").count()
        assert (applied, audited) == (11, 2)

    def test_is_not_taken_over_while_it_may_live(self, killed):
        for attempt in (resume, pause, cancel):
            force = {} if attempt is resume else {"force": True}
            with pytest.raises(Refused, match="sign of life"):
                attempt(plan=killed.uid, by=ADA, **force)

    def test_and_resumed_makes_the_same_rows_as_one_that_was_not(self, killed):
        silent()

        done = go_on_with(killed)

        assert (done.state, done.applied, done.verdict) == ("applied", 300, "holds")
        interrupted = rows()
        undo(plan=killed.uid, by=ADA)
        mended("toy.make_pages")
        assert rows() == interrupted

    def test_is_paused_or_cancelled_by_force_once_it_is_silent(self, killed):
        silent()
        assert pause(plan=killed.uid, by=ADA, force=True).state == "paused"
        Run.objects.update(state="running")
        assert cancel(plan=killed.uid, by=ADA, force=True).state == "cancelled"
        assert Run.objects.get().state == "cancelled"


def test_a_process_that_was_given_up_can_not_write_any_more(plan):
    def take_over():
        silent()
        resume(plan=plan.uid, by=EVE)

    with pytest.raises(LeaseLost):
        apply(plan=plan.uid, by=ADA, watch=at(11, take_over))
    assert Page.objects.count() == 11
    assert RepairPlan.objects.get().state == "running"


def test_a_failed_repair_goes_on_where_it_failed(plan, monkeypatch):
    class Broken(Exception):
        pass

    def fail():
        raise Broken("no more paper")

    with pytest.raises(Broken):
        apply(plan=plan.uid, by=ADA, watch=at(11, fail))
    failed = RepairPlan.objects.get()
    assert (failed.state, failed.error) == ("failed", "Broken: no more paper")
    assert AuditEntry.objects.get(verb="integrity.repair_failed").actor_id == "ada"

    assert go_on_with(plan).applied == 300
    assert list(
        Run.objects.filter(kind="repair").values_list("state", flat=True).order_by("pk")
    ) == [
        "failed",
        "succeeded",
    ]


def test_who_resumes_is_audited(plan):
    apply(plan=plan.uid, by=ADA, watch=at(1, lambda: pause(plan=plan.uid, by=EVE)))
    go_on_with(plan, by=Actor("operator", "grace", "on duty", via="admin"))

    verbs = AuditEntry.objects.order_by("pk").values_list("verb", "actor_id")
    told = [f"{verb.partition('.')[2]} {who}" for verb, who in verbs]
    assert told[2:6] == [
        "repair_started ada",
        "repair_chunk_applied ada",
        "repair_pause_asked eve",
        "repair_paused ada",
    ]
    assert told[6] == "repair_resumed grace"
