"""What an alert says, and how it says it of many."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import NoReverseMatch

from integrity.alert_text import MOST, compose
from integrity.alerts import send_test
from integrity.audit import SYSTEM
from integrity.invariants import Severity, invariant, invariants
from integrity.models import Alert, Heartbeat, Incident
from integrity.sweep import check
from integrity.watch import keep_watch
from tests.integrity.toy.models import Book

ADMIN = "https://toy.example/admin/integrity"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def told(setting):
    setting(ALERT_ADDRESSES=["ops@b.example"], SITE_NAME="", SITE_URL="https://toy.example")


def sweep():
    """The text about what it changed."""
    check(by=SYSTEM)
    return compose(Alert.objects.latest("pk"))


def test_it_says_what_since_when_how_bad_whose_where_and_what_to_do(lost_books):
    lost_books(severity=Severity.CRITICAL, owner="library", statement="No book is lost.")
    Book.objects.bulk_create(Book(state="lost") for _ in range(1200))
    text = sweep()

    one = Incident.objects.get()
    run = str(one.changes.get().run)[:8]
    assert text.title == "CRITICAL toy.no_book_is_lost"
    assert text.tone == "failure"
    assert text.body.splitlines() == [
        "CRITICAL toy.no_book_is_lost",
        "No book is lost.",
        "Violations: 1,200. Severity: critical. Owner: library.",
        f"Opened {one.opened_at:%Y-%m-%d %H:%M} UTC; incident {str(one.uid)[:8]}, run {run}.",
        f"Look: {ADMIN}/incident/{one.pk}/change/",
        f"Do: {ADMIN}/invariant/toy.no_book_is_lost/runbook/",
        f"Do: {ADMIN}/incident/{one.pk}/runbook/",
    ]


def test_without_an_admin_it_names_the_files_of_the_runbook(lost_books, monkeypatch):
    def reverse(name, **place):
        raise NoReverseMatch

    monkeypatch.setattr("integrity.alert_text.reverse", reverse)
    lost_books()
    Book.objects.create(state="lost")
    body = sweep().body

    assert "Look: " not in body
    assert body.endswith(
        "Do: docs/runbook/toy.no_book_is_lost.md\nDo: docs/runbook/alerts/critical.md"
    )


def test_the_site_has_its_name_in_front(lost_books, setting):
    setting(SITE_NAME="Toys, staging")
    lost_books()
    Book.objects.create(state="lost")

    assert sweep().title == "[Toys, staging] CRITICAL toy.no_book_is_lost"


def test_what_nobody_could_tell_has_no_count(declared):
    @invariant("toy.no_book_is_lost")
    def fails():
        raise LookupError("Ada Lovelace")

    text = sweep()
    assert "Ada" not in text.body

    assert text.title == "DEGRADED toy.no_book_is_lost"
    assert text.tone == "warning"
    assert "Violations: not known." in text.body


def test_of_the_machinery_it_names_who_is_silent():
    Heartbeat.objects.filter(name="worker").update(at=Now() - timedelta(minutes=6))
    keep_watch(by=SYSTEM)

    body = compose(Alert.objects.get()).body
    assert "Which: integrity.heartbeat:worker." in body


class TestALateMessage:
    @pytest.fixture
    def alerts(self, lost_books):
        """One of the beginning, one of the end."""
        lost_books()
        Book.objects.create(state="lost")
        check(by=SYSTEM)
        Book.objects.update(state="done")
        check(by=SYSTEM)
        return Alert.objects.order_by("pk")

    def test_of_a_beginning_says_that_it_is_over_and_alarms_nobody(self, alerts):
        opened, resolved = map(compose, alerts)

        assert (opened.title, opened.tone) == ("OVER toy.no_book_is_lost", "success")
        assert "It is over since" in opened.body
        assert (resolved.title, resolved.tone) == ("RESOLVED toy.no_book_is_lost", "success")
        assert "It is over since" not in resolved.body

    def test_of_an_end_says_that_it_is_open_again(self, alerts):
        Book.objects.update(state="lost")
        check(by=SYSTEM)
        opened, resolved, reopened = map(compose, alerts.all())

        assert (resolved.title, resolved.tone) == ("REGRESSED toy.no_book_is_lost", "failure")
        assert "It is open again since" in resolved.body
        assert "open again since" not in opened.body + reopened.body

    def test_names_nobody_as_silent_who_is_back(self):
        Heartbeat.objects.filter(name="worker").update(at=Now() - timedelta(minutes=6))
        keep_watch(by=SYSTEM)
        Heartbeat.objects.update(at=Now())
        keep_watch(by=SYSTEM)

        assert "Which:" not in compose(Alert.objects.earliest("pk")).body


def test_what_is_back_says_how_often(lost_books):
    lost_books()
    Book.objects.create(state="lost")
    for state in ("done", "lost"):
        check(by=SYSTEM)
        Book.objects.update(state=state)
    text = sweep()

    assert text.title == "REGRESSED toy.no_book_is_lost"
    assert ", for the 2nd time; incident" in text.body


def test_of_many_the_worst_stands_first_and_the_rest_is_counted(lost_books):
    for number in range(MOST + 4):
        lost_books(f"toy.b{number:02}")
    lost_books("toy.z_worst", severity=Severity.CRITICAL)
    Book.objects.create(state="lost")
    text = sweep()

    assert text.title == f"CRITICAL toy.z_worst, and {MOST + 4} more"
    assert text.body.count("Look: ") == MOST
    assert text.body.endswith("And 5 more: https://toy.example/admin/integrity/incident/")


def test_what_is_over_stands_last(lost_books):
    lost_books("toy.a")
    Book.objects.create(state="lost")
    check(by=SYSTEM)
    invariants._entries.clear()
    lost_books("toy.b", severity=Severity.WARNING)
    text = sweep()

    assert text.title == "DEGRADED toy.b, and 1 more"
    assert "WITHDRAWN toy.a" in text.body
    assert text.tone == "warning"


def test_a_test_says_that_nothing_is_wrong(setting):
    setting(SITE_NAME="Toys")
    text = compose(send_test(by=SYSTEM))

    assert (text.title, text.tone) == ("[Toys] TEST test", "info")
    assert "Nothing is wrong." in text.body
    assert f"Do: {ADMIN}/incident/" in text.body
