"""Each invariant's page: the promise, how it is looked for, and how it went."""

from datetime import timedelta

import pytest

from integrity.invariants import CustomSQL, invariants
from integrity.models import AuditEntry, Run
from integrity.queued import make_queued
from tests.integrity.admin.desk import finding, form, operator, page, run, text

pytestmark = pytest.mark.django_db(transaction=True)
LIST = page("invariant_changelist")
LOST = page("invariant_change", "toy.no_book_is_lost")


@pytest.fixture
def ann(client):
    user = operator("view_invariant", "view_run", "run_check")
    client.force_login(user)
    return user


def test_the_list_has_every_declared_invariant_and_its_last_result(client, ann, lost_books):
    lost_books(statement="No book is lost.", owner="the library")
    run([("toy.no_book_is_lost", "broken", 7)])
    answer = text(client.get(LIST))
    assert "No book is lost." in answer
    assert "the library" in answer
    assert "broken</span> 7" in answer


def test_the_page_says_what_is_declared_and_shows_sql_and_plan(client, ann, lost_books):
    lost_books(warn_if="> 5", error_if="> 1 %", settle=timedelta(hours=2), settle_field="made_at")
    finding(invariant="toy.no_book_is_lost", subject="toy.book:7")
    run([("toy.no_book_is_lost", "broken", 7)])
    answer = text(client.get(LOST))
    for part in ("&gt; 5", "&gt; 1 %", "2:00:00", "toy.book:7", "manage.py integrity check toy"):
        assert part in answer
    for part in ("FROM &quot;toy_book&quot;", "&#x27;lost&#x27;", "Seq Scan"):
        assert part in answer


def test_a_query_that_fails_is_told_and_the_page_stands(client, ann, declared):
    declared(CustomSQL("toy.no_book_is_lost", model="toy.Book", sql="SELECT nonsense"))
    answer = client.get(LOST)
    assert answer.status_code == 200
    assert "nonsense" in answer.context["query"]["problem"]


def test_all_that_are_declared_have_a_page(client, ann):
    for name in invariants.names():
        assert client.get(page("invariant_change", name)).status_code == 200, name


def test_what_is_not_declared_is_not_found(client, ann):
    assert client.get(page("invariant_change", "toy.nothing")).status_code == 404


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        (page("invariant_check_all"), "all"),
        (page("invariant_check_now", "toy.no_book_is_lost"), "toy.no_book_is_lost"),
    ],
)
def test_a_check_is_queued_with_a_reason_and_made_by_a_worker(client, ann, lost_books, url, scope):
    lost_books()
    assert "queued" in text(client.post(url, form("a hunch"), follow=True))
    queued = Run.objects.get()
    assert (queued.state, queued.scope, queued.actor_id) == ("queued", scope, str(ann.uid))
    assert AuditEntry.objects.get().reason == "a hunch"
    assert "A check is queued" in text(client.get(LOST))

    assert "is at work on it" in text(client.post(url, form()))

    make_queued()
    assert Run.objects.get().state == "succeeded"


def test_without_the_permission_nothing_is_queued(client, lost_books):
    lost_books()
    client.force_login(operator("view_invariant"))
    assert client.post(page("invariant_check_all"), form()).status_code == 403
    assert not Run.objects.exists()
