"""Runs: listed, compared with the one before, downloaded."""

import json
from datetime import timedelta

import pytest

from integrity.audit import SYSTEM
from integrity.sweep import check
from tests.integrity.admin.desk import operator, page, run, text
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(client):
    user = operator("view_run")
    client.force_login(user)
    return user


def test_the_list_has_the_newest_first_and_can_be_narrowed(client, ann):
    run(ago=timedelta(days=1))
    newest = run(state="failed", status=None, complete=False, error="OperationalError: gone")
    listed = page("run_changelist")
    assert client.get(listed).context["cl"].result_list[0] == newest
    assert "OperationalError: gone" in text(client.get(listed, {"state__exact": "failed"}))
    assert "OperationalError" not in text(client.get(listed, {"state__exact": "succeeded"}))


def test_a_filter_that_no_text_can_equal_is_a_bad_request(client, ann):
    assert client.get(page("run_changelist"), {"state": "\0"}).status_code == 400
    assert client.get(page("run_changelist"), {"state": "%s\"'"}).status_code == 200


def test_a_run_is_compared_with_the_one_before(client, ann):
    before = run([("toy.a", "holds", 0), ("toy.b", "broken", 5)], ago=timedelta(days=1))
    run([("toy.a", "broken", 1)], ago=timedelta(hours=1), scope="toy.a")
    now = run([("toy.a", "broken", 2), ("toy.b", "broken", 3), ("toy.c", "unknown", None)])

    context = client.get(page("run_change", now.pk)).context

    assert context["before"] == before
    told = [(each["now"].invariant, each["change"], each["turned"]) for each in context["lines"]]
    assert told == [("toy.a", 2, True), ("toy.b", -2, False), ("toy.c", None, False)]


def test_new_same_and_gone_are_told_apart(client, ann, lost_books):
    lost_books()
    for number in range(3):
        Book.objects.create(state="lost", title=str(number))
    check(by=SYSTEM)
    Book.objects.filter(title="0").update(state="kept")
    Book.objects.create(state="lost")
    done = check(by=SYSTEM).run

    (line,) = client.get(page("run_change", done.pk)).context["lines"]

    assert (line["now"].new, line["same"], line["now"].gone) == (1, 2, 1)


def test_an_active_run_looks_again_by_a_script_and_without_scripts_when_asked_to(client, ann):
    active = run(state="running", status=None, complete=False, finished_at=None)
    url = page("run_change", active.pk)
    looking, loading = text(client.get(url)), text(client.get(url, {"live": "1"}))
    assert ("again.js" in looking, 'http-equiv="refresh"' in looking) == (True, False)
    assert ('data-live="sentence"' in looking, 'href="?live=1"' in looking) == (True, True)
    assert 'http-equiv="refresh"' in loading
    over = text(client.get(page("run_change", run().pk), {"live": "1"}))
    assert ("again.js" in over, 'http-equiv="refresh"' in over) == (False, False)


def test_it_can_be_downloaded_as_the_command_prints_it(client, ann, manage, lost_books):
    lost_books()
    Book.objects.create(state="lost")
    done = check(by=SYSTEM)
    answer = client.get(page("run_download", done.run.pk))
    document = json.loads(answer.content)
    assert f'filename="run-{done.run.uid}.json"' in answer["Content-Disposition"]
    assert (document["schema_version"], document["run"]) == (1, str(done.run.uid))
    (entry,) = document["invariants"]
    assert (entry["id"], entry["severity"]) == ("toy.no_book_is_lost", "error")
    assert (entry["result"], entry["count"], entry["new"]) == ("broken", 1, 1)


def test_looking_and_downloading_need_the_permission(client):
    one = run()
    client.force_login(operator())
    for name in ("run_change", "run_download"):
        assert client.get(page(name, one.pk)).status_code == 403
    client.force_login(operator("view_run"))
    assert client.get(page("run_download", 999_999)).status_code == 404
