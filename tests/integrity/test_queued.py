"""Checks that wait for a worker: made once, in order, and given up when nobody comes."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.audit import Actor, command_actor
from integrity.leases import AlreadyRunning, interrupt_abandoned
from integrity.models import AuditEntry, Run
from integrity.queued import make_queued, queue_check
from integrity.registry import UnknownName
from integrity.sweep import check

pytestmark = pytest.mark.django_db(transaction=True)
ANN = Actor("operator", "ann", reason="a hunch", via="admin")


def queue(*names):
    return queue_check(names=list(names), by=ANN)


def test_what_is_queued_is_made_by_the_next_worker_and_says_who_asked(lost_books):
    lost_books()
    run = queue("toy")
    assert run.state == Run.State.QUEUED
    assert [each.run for each in make_queued()] == [run]
    run.refresh_from_db()
    assert (run.state, run.actor_kind, run.actor_id) == ("succeeded", "operator", "ann")
    assert run.reason == "a hunch"
    assert [each.invariant for each in run.results.all()] == ["toy.no_book_is_lost"]


def test_who_queued_it_and_why_is_in_the_audit_log(lost_books):
    lost_books()
    run = queue()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.reason) == ("integrity.check_queued", "a hunch")
    assert entry.subject == f"integrity.run:{run.uid}"
    assert entry.detail == {"scope": "all"}


def test_the_same_is_queued_once(lost_books):
    lost_books()
    queue("toy")
    with pytest.raises(AlreadyRunning):
        queue("toy")
    queue()
    assert (len(make_queued()), make_queued()) == (2, [])


def test_whoever_checks_the_same_meanwhile_is_told(lost_books):
    lost_books()
    queue()
    with pytest.raises(AlreadyRunning):
        check(by=command_actor())


def test_an_unknown_name_queues_nothing(lost_books):
    with pytest.raises(UnknownName):
        queue("nonsense")
    assert not Run.objects.exists()


def test_what_nobody_took_in_time_is_given_up_and_never_made(lost_books):
    lost_books()
    run = queue()
    Run.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert make_queued() == []
    assert interrupt_abandoned() == 1
    run.refresh_from_db()
    assert run.state == Run.State.INTERRUPTED


def test_the_doorbell_rings_once_it_is_saved(lost_books, setting):
    rung.clear()
    setting(CHECK_DOORBELL="tests.integrity.test_queued.ring")
    lost_books()
    queue()
    assert rung == [1]


rung: list[int] = []


def ring():
    rung.append(Run.objects.filter(state="queued").count())
