"""Where no Celery runs, cron does what was asked for on a page, and what the schedule does else."""

import json
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.invariants import invariant, invariants
from integrity.models import Operation, Run
from integrity.queued import queue_check
from integrity.repair.queueing import apply_later
from tests.integrity.repair.conftest import ADA, planned
from tests.integrity.repair.conftest import authors as authors
from tests.integrity.repair.conftest import drifted_pages as drifted_pages
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
ANN = Actor("operator", "ann", reason="a hunch", via="admin")


def queue(*names):
    return queue_check(names=list(names), by=ANN)


def test_what_waits_is_made_and_told_by_whom_it_was_asked_for(manage, lost_books):
    lost_books()
    run = queue("toy")

    ended = manage("integrity", "queued", "--format", "json")

    assert json.loads(ended.out) == [
        {
            "run": str(run.uid),
            "scope": "toy",
            "by": "operator ann",
            "holds": 1,
            "broken": 0,
            "unknown": 0,
            "status": "healthy",
        }
    ]
    assert (ended.code, Run.objects.get().state) == (0, "succeeded")


def test_that_nothing_waits_is_no_failure(manage, lost_books):
    ended = manage("integrity", "queued")
    assert (ended.code, ended.out, ended.err) == (0, "none\n", "")


def test_broken_beats_unknown_in_the_exit_code(manage, lost_books):
    @invariant("other.fails")
    def fails():
        raise LookupError

    lost_books()
    Book.objects.create(state="lost")
    queue("other")
    assert manage("integrity", "queued").code == 3
    queue("other")
    queue("toy")
    assert manage("integrity", "queued").code == 1
    queue("toy")
    assert manage("integrity", "queued", "--fail-on", "critical").code == 0


def test_what_is_no_longer_declared_is_told_and_the_rest_is_made_next(manage, lost_books):
    lost_books()
    gone, kept = queue("toy.no_book_is_lost"), queue()
    invariants._entries.clear()
    lost_books("toy.no_book_was_lost")

    ended = manage("integrity", "queued")
    assert (ended.code, "has failed" in ended.err) == (3, True)
    assert manage("integrity", "queued").code == 0
    assert dict(Run.objects.values_list("uid", "state")) == {
        gone.uid: "failed",
        kept.uid: "succeeded",
    }


def test_a_repair_that_was_begun_on_a_page_is_done(manage, declared, drifted_pages, authors):
    drifted_pages()
    authors(1, pages=True)
    plan = planned("toy.copy_addresses")
    apply_later(plan=plan.uid, by=ADA)

    ended = manage("integrity", "queued")

    assert (ended.code, "repairs taken up: 1" in ended.err) == (0, True)
    plan.refresh_from_db()
    assert plan.state == "applied"


def test_old_operation_keys_go_with_the_history(manage, declared):
    Operation.objects.create(flow="toy", key="1", claimed_at=Now() - timedelta(days=31))
    Operation.objects.create(flow="toy", key="2")

    ended = manage("integrity", "prune")

    assert (ended.code, "operation keys" in ended.out) == (0, True)
    assert Operation.objects.get().key == "2"
