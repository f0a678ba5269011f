"""A second alias onto the same database stands in for a replica that lacks nothing."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections

from integrity import evaluate as evaluating
from integrity.audit import SYSTEM
from integrity.checks import check_integrity
from integrity.evaluate import evaluate
from integrity.invariants import invariant
from integrity.invariants.declare import Observation, Observed
from integrity.models import Finding
from integrity.replica import Primary, Replica, Unfit, View, judge
from integrity.sweep import check
from tests.database import execute
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRIMARY = Primary(NOW, "0/5000", "1/everafter", NOW - timedelta(days=2))


@pytest.fixture
def replica(setting):
    """An alias that leads to the same database; returns its connection."""
    connections["replica"] = connection.copy()
    setting(REPLICA="replica")
    yield connections["replica"]
    connections["replica"].close()
    del connections["replica"]


@pytest.fixture
def lagging(replica, monkeypatch):
    """What the replica shows is 20 s old, as far as the check knows; it may be made so."""
    real = evaluating.view

    def view(**options):
        return real(**options) if options["current"] else Aged(real(**options))

    monkeypatch.setattr(evaluating, "view", view)


class Aged:
    def __init__(self, seen):
        self.seen = seen

    def __enter__(self):
        return View(self.seen.__enter__().instant - timedelta(seconds=20), 20.0)

    def __exit__(self, *error):
        return self.seen.__exit__(*error)


def backend():
    return execute("SELECT pg_backend_pid()")[0][0]


class TestACheckOnTheReplica:
    def test_every_query_goes_there_whatever_connection_it_names(self, replica, declared):
        used = []

        @invariant("toy.asks")
        def asks():
            used.append(backend())
            return Book.objects.filter(state="lost")

        class Asks(Observation):
            def observe(self):
                used.append(backend())
                return [Observed("it", {})]

        declared(Asks("toy.observes"))
        report = evaluate()

        with replica.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            assert used == [cursor.fetchone()[0]] * 2
        assert (report.lag, [each.result for each in report.results]) == (0.0, ["holds", "broken"])

    def test_afterwards_the_default_connection_is_the_primary_again(self, replica, lost_books):
        lost_books()
        before = backend()

        evaluate()

        assert backend() == before

    def test_the_findings_are_written_on_the_primary_with_the_replica_s_age(
        self, replica, lost_books
    ):
        lost_books()
        Book.objects.create(state="lost")

        done = check(by=SYSTEM)

        assert done.run.detail["replica_lag"] == 0.0
        assert Finding.objects.get().first_seen_at == done.report.instant

    def test_who_must_see_its_own_writes_reads_the_primary(self, replica, declared):
        used = []

        @invariant("toy.asks")
        def asks():
            used.append(backend())
            return Book.objects.filter(state="lost")

        assert evaluate(current=True).lag is None
        assert used == [backend()]

    def test_a_replica_that_cannot_be_reached_makes_everything_unknown(self, replica, lost_books):
        lost_books()
        replica.close()
        replica.settings_dict["PORT"] = 1

        report = evaluate()

        assert [each.result for each in report.results] == ["unknown"]
        assert Book.objects.count() == 0

    def test_another_database_is_no_replica(self, replica, lost_books):
        lost_books()
        replica.close()
        replica.settings_dict["NAME"] = "template1"

        (result,) = evaluate().results

        assert (result.result, result.reason) == (
            "unknown",
            "the replica is one of another database",
        )


class TestWhatALaggingReplicaShows:
    """The replica shows it 20 s ago; the primary is asked about those rows before it counts."""

    def test_what_is_still_broken_on_the_primary_is_found(self, lagging, lost_books):
        lost_books()
        Book.objects.create(state="lost")

        done = check(by=SYSTEM)

        assert done.report.results[0].count == Finding.objects.count() == 1
        assert done.run.detail["replica_lag"] == 20.0

    def test_the_command_says_so(self, lagging, lost_books):
        lost_books()
        said = StringIO()
        call_command("integrity", "check", stderr=said, stdout=StringIO())
        assert "The replica was 20.0 s behind: the primary confirmed it." in said.getvalue()

    def test_what_is_mended_there_is_not_opened(self, lagging, declared):
        book = Book.objects.create(state="lost")
        looks = []

        @invariant("toy.no_book_is_lost")
        def no_book_is_lost():
            looks.append(1)
            return Book.objects.all() if len(looks) == 1 else Book.objects.filter(state="lost")

        Book.objects.filter(pk=book.pk).update(state="done")
        done = check(by=SYSTEM)

        assert (len(looks), done.report.results[0].result) == (2, "holds")
        assert not Finding.objects.exists()

    def test_what_is_broken_there_is_not_resolved(self, lagging, declared):
        Book.objects.create(state="lost")
        looks = []

        @invariant("toy.no_book_is_lost")
        def no_book_is_lost():
            looks.append(1)
            return Book.objects.filter(state="lost", pk__lt=0 if len(looks) == 3 else 1 << 40)

        check(by=SYSTEM)
        check(by=SYSTEM)

        assert len(looks) == 4
        assert Finding.objects.get().state == Finding.State.OPEN

    def test_what_is_gone_on_both_is_resolved(self, lagging, lost_books):
        lost_books()
        Book.objects.create(state="lost")
        check(by=SYSTEM)
        Book.objects.update(state="done")

        check(by=SYSTEM)

        assert Finding.objects.get().state == Finding.State.RESOLVED


class TestTheAgeOfAReplica:
    def replica(self, **values):
        replica = {"identity": PRIMARY.identity, "started": NOW, "replays": True}
        return Replica(**{**replica, "caught_up": False, "applied_at": None, **values})

    def test_one_that_has_replayed_all_there_was_is_as_good_as_the_primary(self):
        old = NOW - timedelta(days=1)
        seen = judge(PRIMARY, self.replica(caught_up=True, applied_at=old), longest=5)
        assert seen == View(NOW, 0.0)

    def test_another_connection_to_the_primary_lacks_nothing(self):
        same = self.replica(started=PRIMARY.started, replays=False, caught_up=None)
        assert judge(PRIMARY, same, longest=5) == View(NOW, 0.0)

    def test_one_that_lags_shows_what_was_committed_until_its_last_replay(self):
        seen = judge(PRIMARY, self.replica(applied_at=NOW - timedelta(seconds=5)), longest=5)
        assert seen == View(NOW - timedelta(seconds=5), 5.0)

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"applied_at": NOW - timedelta(seconds=6)}, "6 s behind; at most 5 s"),
            ({"applied_at": None}, "nobody knows how old"),
            ({"identity": "2/everafter", "caught_up": True}, "another database"),
            ({"replays": False, "caught_up": True}, "takes writes of its own"),
        ],
    )
    def test_what_cannot_be_believed_says_why(self, values, reason):
        with pytest.raises(Unfit, match=reason):
            judge(PRIMARY, self.replica(**values), longest=5)


@pytest.mark.parametrize(
    ("databases", "alias", "problems"),
    [
        ({}, "", []),
        ({"other": {"ENGINE": "django.db.backends.postgresql"}}, "other", []),
        ({"other": {"ENGINE": "django.db.backends.sqlite3"}}, "other", ["integrity.E006"]),
        ({}, "nowhere", ["integrity.E006"]),
        ({}, "default", ["integrity.E006"]),
    ],
)
def test_an_alias_that_is_no_replica_fails_the_system_check(
    setting, settings, monkeypatch, databases, alias, problems
):
    for name, values in databases.items():
        monkeypatch.setitem(settings.DATABASES, name, values)
    setting(REPLICA=alias)

    assert [problem.id for problem in check_integrity()] == problems
