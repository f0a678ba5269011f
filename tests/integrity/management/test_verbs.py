"""`manage.py integrity`: what it prints, and the exit code it gives."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrity import sweep
from integrity.audit import SYSTEM
from integrity.invariants import Severity, invariant
from integrity.leases import begin
from integrity.models import AuditEntry, Finding, Run, RunResult
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    """The exit code, and what was printed."""
    out, err = StringIO(), StringIO()
    try:
        call_command("integrity", *arguments, stdout=out, stderr=err)
    except SystemExit as stopped:
        return stopped.code, out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def document(*arguments):
    return json.loads(run(*arguments, "--format", "json")[1])


@pytest.fixture
def finding(lost_books):
    lost_books()
    Book.objects.create(state="lost")
    run("check")
    return Finding.objects.get()


class TestCheck:
    def test_exits_0_when_all_holds(self, lost_books):
        lost_books()
        code, text = run("check")
        assert code == 0
        assert "1 holds, 0 broken, 0 unknown" in text

    @pytest.mark.parametrize(
        ("severity", "fail_on", "code"),
        [("ERROR", "error", 1), ("WARNING", "error", 0), ("WARNING", "warning", 1)],
    )
    def test_exits_1_from_the_severity_that_was_asked_for(
        self, lost_books, severity, fail_on, code
    ):
        lost_books(severity=Severity[severity])
        Book.objects.create(state="lost")
        assert run("check", "--fail-on", fail_on)[0] == code

    def test_takes_the_severity_that_the_thresholds_give(self, lost_books):
        lost_books(error_if="> 1")
        Book.objects.create(state="lost")
        assert run("check")[0] == 0

    def test_exits_3_when_something_is_unknown_and_1_when_something_is_broken_too(self, lost_books):
        @invariant("toy.fails")
        def fails():
            raise LookupError

        lost_books()
        assert run("check")[0] == 3
        Book.objects.create(state="lost")
        assert run("check")[0] == 1

    def test_exits_2_for_an_unknown_name_and_names_the_nearest(self, lost_books):
        lost_books()
        code, text = run("check", "toy.no_book_was_lost")
        assert code == 2
        assert "Did you mean 'toy.no_book_is_lost'?" in text

    def test_exits_4_while_another_check_of_the_scope_runs(self, lost_books):
        begin(kind=Run.Kind.CHECK, scope="all", by=SYSTEM)
        code, text = run("check")
        assert (code, "is at work on it" in text) == (4, True)

    def test_exits_130_when_it_is_stopped(self, lost_books, monkeypatch):
        def stop(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(sweep, "evaluate", stop)
        assert run("check")[0] == 130
        assert Run.objects.get().state == "interrupted"

    def test_says_it_as_json(self, lost_books):
        lost_books(severity=Severity.CRITICAL)
        book = Book.objects.create(state="lost")
        said = document("check")
        (entry,) = said.pop("invariants")
        assert said == {
            "schema_version": 1,
            "run": str(Run.objects.get().uid),
            "status": "critical",
            "complete": True,
            "looked_at": "every row",
        }
        assert entry.pop("seconds") >= 0
        assert entry == {
            "id": "toy.no_book_is_lost",
            "severity": "critical",
            "result": "broken",
            "count": 1,
            "suspected": 0,
            "stored": 1,
            "new": 1,
            "regressed": 0,
            "gone": 0,
            "rows": 1,
            "reason": None,
            "repair": None,
            "keys": [str(book.pk)],
        }

    def test_says_it_line_by_line(self, lost_books):
        lost_books()
        lines = [json.loads(line) for line in run("check", "--format", "ndjson")[1].splitlines()]
        assert [line.get("id") or line["status"] for line in lines] == [
            "toy.no_book_is_lost",
            "healthy",
        ]

    def test_without_a_record_leaves_nothing(self, lost_books):
        lost_books()
        Book.objects.create(state="lost")
        assert run("check", "--no-record")[0] == 1
        assert document("check", "--no-record")["run"] is None
        assert not Run.objects.exists()
        assert not Finding.objects.exists()

    @pytest.mark.parametrize("how", [["--sample", "50"], ["--since", "1h"], ["--estimate"]])
    def test_a_look_at_less_than_all_never_exits_0(self, lost_books, how):
        lost_books(since_field="changed_at")
        assert run("check", *how)[0] == 3
        said = document("check", *how)
        assert (said["complete"], said["looked_at"] != "every row") == (False, True)
        assert Run.objects.first().detail == {"looked_at": said["looked_at"]}

    @pytest.mark.parametrize("how", [["--sample", "0"], ["--sample", "x"], ["--since", "soon"]])
    def test_a_look_that_makes_no_sense_is_a_usage_error(self, lost_books, how):
        with pytest.raises(CommandError, match="invalid"):
            call_command("integrity", "check", *how)

    def test_keeps_the_reason(self, lost_books):
        run("check", "--reason", "after the restore")
        assert Run.objects.get().reason == "after the restore"


class TestFindings:
    def test_are_listed_the_worst_first(self, declared, lost_books):
        lost_books("toy.mild", severity=Severity.WARNING)
        lost_books("toy.bad", severity=Severity.CRITICAL)
        Book.objects.create(state="lost")
        run("check")
        assert [each["invariant"] for each in document("findings")] == ["toy.bad", "toy.mild"]
        assert len(document("findings", "toy.bad")) == 1
        assert len(document("findings", "toy", "--limit", "1")) == 1
        assert document("findings", "other") == []
        assert document("findings", "--state", "resolved") == []

    def test_are_found_by_subject(self, finding):
        assert len(document("findings", "--subject", "toy.book:")) == 1
        assert document("findings", "--subject", "toy.author:") == []

    def test_one_is_shown_whole(self, finding):
        shown = document("show", str(finding.uid))
        assert (shown["state"], shown["times"]) == ("open", 1)
        assert shown["runbook"] == "docs/runbook/toy.no_book_is_lost.md"
        assert "evidence" in run("show", str(finding.uid))[1]

    def test_an_invariant_is_shown_with_its_sql(self, finding):
        shown = document("show", "toy.no_book_is_lost")
        assert (shown["last_result"], shown["open_findings"]) == ("broken", 1)
        assert 'FROM "toy_book"' in shown["sql"]
        assert run("show", "toy.nothing")[0] == 2

    def test_are_judged_by_name_of_the_machines_user_and_audited(self, finding):
        assert run("ack", str(finding.uid), "--reason", "on it")[0] == 0
        assert Finding.objects.get().state == "acknowledged"
        entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.via, entry.reason) == ("command", "cli", "on it")

    @pytest.mark.parametrize("verb", ["snooze", "false-positive"])
    def test_are_silenced_for_some_days_or_until_one(self, finding, verb):
        assert run(verb, str(finding.uid), "--reason", "known", "--days", "3")[0] == 0
        silenced = Finding.objects.get()
        assert timedelta(days=2) < silenced.until - silenced.last_seen_at < timedelta(days=4)
        day = timezone.now().date() + timedelta(days=5)
        assert run(verb, str(finding.uid), "--reason", "known", "--until", str(day))[0] == 0
        assert Finding.objects.get().until.isoformat() == f"{day}T00:00:00+00:00"
        assert run(verb, str(finding.uid), "--reason", "known", "--until", "1999-01-02")[0] == 2
        misspelt = run(verb, str(finding.uid), "--reason", "known", "--until", "3d")
        assert "write YYYY-MM-DD" in misspelt[1]
        with pytest.raises(CommandError, match="required: --reason"):
            call_command("integrity", verb, str(finding.uid))

    @pytest.mark.parametrize(
        "end", [["--days", "366"], ["--days", "99999999999"], ["--until", "2999-01-02"]]
    )
    @pytest.mark.parametrize("verb", ["snooze", "false-positive"])
    def test_are_silenced_no_longer_than_on_a_page(self, finding, verb, end):
        assert run(verb, str(finding.uid), "--reason", "known", *end)[0] == 2
        assert Finding.objects.get().state == "open"

    def test_are_picked_by_severity_and_by_when_they_came(self, finding):
        Finding.objects.update(present_since=timezone.now() - timedelta(hours=3))
        for words, count in (
            (["--severity", "error"], 1),
            (["--severity", "critical"], 0),
            (["--since", "4h"], 1),
            (["--since", "2h"], 0),
        ):
            assert len(document("findings", *words)) == count, words

    def test_that_are_not_in_a_state_for_it_are_refused(self, finding):
        assert run("reopen", str(finding.uid))[0] == 4
        assert run("assign", str(finding.uid), "--to", "team")[0] == 0
        assert Finding.objects.get().assignee == "team"


class TestThePast:
    def test_lists_runs(self, finding):
        (line,) = document("runs")
        assert (line["state"], line["status"], line["complete"]) == (
            "succeeded",
            "critical",
            "yes",
        )
        assert document("runs", "--active") == []
        assert document("runs", "--kind", "purge") == []

    def test_shows_each_invariant_day_by_day(self, finding):
        RunResult.objects.update(at=Finding.objects.get().first_seen_at - timedelta(days=2))
        Book.objects.update(state="done")
        run("check")
        before, today = document("history")
        assert (before["broken"], before["new"], today["broken"], today["gone"]) == (1, 1, 0, 1)
        assert document("history", "--days", "1") == [today]
        assert document("history", "other") == []


class TestSweep:
    def test_fills_the_slot_once_and_tells_the_same_twice(self, lost_books):
        lost_books()
        Book.objects.create(state="lost")
        assert run("sweep")[0] == 1
        made = Run.objects.get()
        assert made.slot is not None
        Book.objects.update(state="done")
        assert run("sweep") == (1, "")
        assert Run.objects.get() == made

    def test_exits_4_while_another_one_runs(self, lost_books):
        lost_books()
        begin(kind=Run.Kind.CHECK, scope="all", by=SYSTEM)
        assert run("sweep")[0] == 4
