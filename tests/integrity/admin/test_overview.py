"""The first page: one line that never guesses, and what isn't as it should be."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrity.admin.overview import verdict
from integrity.audit import SYSTEM
from integrity.dashboard import latest_results
from integrity.invariants import invariants
from integrity.models import PromisedTrigger
from integrity.sweep import check
from tests.integrity.admin.desk import finding, operator, page, run, text
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
OVERVIEW = page("overview_changelist")


@pytest.fixture
def looker(client):
    user = operator("view_overview")
    client.force_login(user)
    return user


def said(*words):
    run([(name, word, 0) for name, word in zip(invariants.names(), words, strict=False)])
    return verdict(list(invariants), latest_results())


class TestTheVerdict:
    @pytest.fixture(autouse=True)
    def two(self, lost_books):
        lost_books("toy.a")
        lost_books("toy.b")

    @pytest.mark.parametrize(
        ("words", "text", "tone"),
        [
            (("holds", "holds"), "All 2 invariants hold.", "ok"),
            (("broken", "holds"), "1 of 2 invariants is broken.", "bad"),
            (("broken", "broken"), "2 of 2 invariants are broken.", "bad"),
            (("broken", "unknown"), "1 of 2 invariants is broken, 1 unknown.", "bad"),
            (
                ("holds", "unknown"),
                "None of 2 invariants is known to be broken, 1 unknown.",
                "warn",
            ),
            (("holds",), "None of 2 invariants is known to be broken, 1 never looked at.", "warn"),
        ],
    )
    def test_is_green_only_when_everything_is_known_to_hold(self, words, text, tone):
        told = said(*words)
        assert (told["text"], told["tone"]) == (text, tone)


def test_it_lists_what_is_broken_and_what_is_unknown(client, looker, lost_books):
    lost_books("toy.a", statement="No book is lost.")
    lost_books("toy.b", statement="No book is late.")
    run([("toy.a", "broken", 2), ("toy.b", "unknown", None)])
    finding(invariant="toy.a")
    finding(invariant="toy.gone_by_now")

    lines = client.get(OVERVIEW).context["lines"]

    assert [(each["name"], each["known"]) for each in lines] == [
        ("toy.a", True),
        ("toy.gone_by_now", False),
        ("toy.b", True),
    ]


def test_it_can_be_looked_at_before_anything_was_checked(client, looker):
    answer = client.get(OVERVIEW)
    assert "Nothing was swept yet" in text(answer)
    assert "never looked at" in text(answer)


def test_a_trigger_that_is_astray_is_named(client, looker):
    PromisedTrigger.objects.create(
        table="nowhere", name="lost", enabled="O", definition="", function="", fingerprint="0"
    )
    answer = text(client.get(OVERVIEW))
    PromisedTrigger.objects.filter(table="nowhere").delete()
    assert "1 of" in answer
    assert "missing" in answer


def test_open_incidents_are_counted_and_lead_to_their_list(client, looker, lost_books):
    lost_books()
    Book.objects.create(state="lost")
    check(by=SYSTEM)
    answer = client.get(OVERVIEW)
    assert answer.context["incidents"] == 1
    assert page("incident_changelist") in answer.content.decode()


def test_each_day_and_each_night_is_told_in_words_too(client, looker, lost_books):
    lost_books("toy.a")
    run([("toy.a", "broken", 2)], slot=run().started_at, status="critical", ago=timedelta())
    answer = text(client.get(OVERVIEW))
    assert "The same as a table" in answer
    assert ": critical" in answer


def test_it_asks_the_same_few_queries_however_many_findings_there_are(client, looker):
    counts = []
    for _ in range(2):
        for number in range(5):
            finding(invariant=f"toy.{number}")
        with CaptureQueriesContext(connection) as queries:
            client.get(OVERVIEW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 21


def test_who_may_not_run_checks_is_not_offered_to(client, looker):
    assert "Check all now" not in text(client.get(OVERVIEW))
    client.force_login(operator("view_overview", "run_check"))
    assert "Check all now" in text(client.get(OVERVIEW))


def test_looking_needs_a_permission(client):
    client.force_login(operator())
    assert client.get(OVERVIEW).status_code == 403
    assert client.get(page("overview_change", 1)).status_code == 403
