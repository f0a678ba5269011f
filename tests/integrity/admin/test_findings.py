"""Findings: read, filtered, judged one by one or together, exported."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrity.audit import SYSTEM
from integrity.models import AuditEntry, Finding
from integrity.sweep import check
from tests.integrity.admin.desk import IN_DIALOG, State, finding, form, operator, page, text
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
LIST = page("finding_changelist")


@pytest.fixture
def ann(client):
    """May look and judge."""
    verbs = ("acknowledge", "assign", "snooze", "dismiss", "reopen", "recheck", "export")
    user = operator("view_finding", *(f"{verb}_finding" for verb in verbs))
    client.force_login(user)
    return user


def shown(*findings):
    return json.dumps({str(each.uid): each.version for each in findings})


def day(number):
    return f"{timezone.now() + timedelta(days=number):%Y-%m-%d}"


def judge(client, verb, one, **fields):
    fields.setdefault("shown", shown(one))
    return client.post(page(f"finding_{verb}", one.pk), form(**fields), follow=True)


def subjects(client, **params):
    return {each.subject for each in client.get(LIST, params).context["cl"].result_list}


class TestTheList:
    @pytest.mark.parametrize(
        ("view", "expected"),
        [
            ("", {"open", "acknowledged", "again"}),
            ("mine", {"acknowledged"}),
            ("new", {"open", "acknowledged", "again", "snoozed", "false"}),
            ("regressed", {"again"}),
            ("suspected", {"suspected"}),
            ("snoozed", {"snoozed"}),
            ("false", {"false"}),
            ("resolved", {"resolved"}),
            ("all", {"open", "acknowledged", "again", "suspected", "snoozed", "false"}),
        ],
    )
    def test_has_saved_views(self, client, ann, view, expected):
        finding(subject="open")
        finding(State.ACKNOWLEDGED, subject="acknowledged", assignee=str(ann.uid))
        finding(subject="again", regressed=True)
        finding(State.SUSPECTED, subject="suspected")
        finding(State.SNOOZED, subject="snoozed")
        finding(State.FALSE_POSITIVE, subject="false")
        finding(State.RESOLVED, subject="resolved")

        assert subjects(client, view=view) == expected

    def test_is_narrowed_by_severity_invariant_and_search(self, client, ann, lost_books):
        lost_books()
        bad = finding(subject="a.b:1", severity=4)
        finding(subject="a.b:2", invariant="toy.no_book_is_lost")

        assert subjects(client, severity="4") == {"a.b:1"}
        assert subjects(client, invariant="toy.no_book_is_lost") == {"a.b:2"}
        assert subjects(client, q=str(bad.uid)) == {"a.b:1"}
        assert subjects(client, q="a.b:2") == {"a.b:2"}
        assert subjects(client, q="a.b") == set()

    def test_shows_the_worst_first_and_the_newest_of_them(self, client, ann):
        for severity, subject in ((2, "minor"), (4, "major"), (4, "newest")):
            finding(subject=subject, severity=severity)

        found = client.get(LIST).context["cl"].result_list
        assert [each.subject for each in found] == ["newest", "major", "minor"]

    def test_counts_no_further_than_anybody_pages(self, client, ann, monkeypatch):
        monkeypatch.setattr("integrity.admin.pages.MOST", 60)
        for _ in range(62):
            finding()

        answer = client.get(LIST)

        assert "more than 60, page 1 of 2" in text(answer)
        assert client.get(LIST, {"p": 10**9}).status_code == 302

    def test_asks_the_same_few_queries_however_many_there_are(self, client, ann):
        counts = []
        for _ in range(2):
            for _ in range(5):
                finding()
            with CaptureQueriesContext(connection) as queries:
                client.get(LIST)
            counts.append(len(queries))

        assert counts[0] == counts[1] < 15

    def test_escapes_whatever_a_row_is_called(self, client, ann):
        one = finding(subject="<img onerror=x>", evidence={"actual": "<script>alert(1)</script>"})

        assert "<img onerror" not in text(client.get(LIST))
        detail = text(client.get(page("finding_change", one.pk)))
        assert "<img onerror" not in detail
        assert "<script>alert" not in detail


class TestThePage:
    def test_says_in_words_what_is_wrong_and_shows_both_sides(self, client, ann, lost_books):
        lost_books(statement="No book is lost.")
        one = finding(
            invariant="toy.no_book_is_lost",
            subject="toy.book:7",
            evidence={"expected": {"a": 1, "b": 2}, "actual": {"a": 1, "b": 3}, "seen": "x"},
        )

        answer = client.get(page("finding_change", one.pk))

        assert answer.context["sentence"] == "“No book is lost” does not hold for book 7."
        assert [(line["name"], line["differs"]) for line in answer.context["differences"]] == [
            ("a", False),
            ("b", True),
        ]
        assert answer.context["rest"] == {"seen": "x"}
        assert "docs/runbook/toy.no_book_is_lost.md" in text(answer)

    def test_shows_what_was_done_to_it_and_what_else_was_found(self, client, ann):
        one = finding(subject="toy.book:7")
        other = finding(State.RESOLVED, subject="toy.book:7", invariant="toy.other")
        judge(client, "acknowledge", one, reason="the vendor knows")

        answer = client.get(page("finding_change", one.pk))

        assert "the vendor knows" in text(answer)
        assert list(answer.context["others"]) == [other]

    def test_offers_only_what_may_be_done_in_this_state(self, client, ann):
        def offered(one):
            verbs = client.get(page("finding_change", one.pk)).context["verbs"]
            return {each["name"] for each in verbs}

        assert offered(finding()) == {"acknowledge", "take", "assign", "snooze", "dismiss"}
        assert "reopen" in offered(finding(State.SNOOZED))
        assert offered(finding(State.RESOLVED)) == set()

    def test_of_nothing_is_not_found(self, client, ann):
        assert client.get(page("finding_change", 999_999)).status_code == 404
        assert client.get(page("finding_change", "nonsense")).status_code == 404


class TestCheckingOneNow:
    def test_says_whether_it_is_still_there_and_changes_nothing(self, client, ann, lost_books):
        lost_books()
        Book.objects.create(state="lost")
        check(by=SYSTEM)
        one = Finding.objects.get()
        url = page("finding_recheck", one.pk)

        assert "It is still there now" in text(client.post(url))
        Book.objects.update(state="kept")
        assert "It is gone now" in text(client.post(url))
        assert Finding.objects.get().version == one.version
        assert client.get(url).status_code == 405


class TestJudging:
    def test_acknowledging_says_who_and_why(self, client, ann):
        one = finding()

        assert "Done." in text(judge(client, "acknowledge", one, reason="on it"))

        one.refresh_from_db()
        assert (one.state, one.reason) == (State.ACKNOWLEDGED, "on it")
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.actor_id) == ("integrity.finding_acknowledged", str(ann.uid))
        assert entry.reason == "on it"

    def test_it_can_be_taken_and_given(self, client, ann):
        one = finding()
        judge(client, "take", one)
        one.refresh_from_db()
        assert one.assignee == str(ann.uid)
        judge(client, "assign", one, assignee="billing")
        one.refresh_from_db()
        assert one.assignee == "billing"

    @pytest.mark.parametrize(
        ("verb", "state", "longest"),
        [("snooze", State.SNOOZED, 30), ("dismiss", State.FALSE_POSITIVE, 365)],
    )
    def test_a_silence_has_an_end_and_not_too_late_a_one(self, client, ann, verb, state, longest):
        one = finding()
        for refused in ("", day(0), day(-1), day(longest + 1), "nonsense"):
            judge(client, verb, one, until=refused)
            one.refresh_from_db()
            assert one.state == State.OPEN
        judge(client, verb, one, until=day(longest))
        one.refresh_from_db()
        assert one.state == state
        assert f"{one.until:%Y-%m-%d}" == day(longest)

    def test_what_was_said_can_be_taken_back(self, client, ann):
        one = finding(State.SNOOZED)
        judge(client, "reopen", one)
        one.refresh_from_db()
        assert (one.state, one.until) == (State.OPEN, None)

    def test_a_second_tab_does_not_overrule_the_first(self, client, ann):
        one = finding()
        judge(client, "acknowledge", one)

        answer = judge(client, "snooze", one, until=day(3), reason="from the old tab")

        assert "Nothing was changed" in text(answer)
        assert "from the old tab" in text(answer)
        one.refresh_from_db()
        assert one.state == State.ACKNOWLEDGED

    @pytest.mark.parametrize("junk", ["", "[]", "7", '{"x": 1}', '{"a": null}'])
    def test_junk_in_place_of_the_version_changes_nothing(self, client, ann, junk):
        one = finding()
        judge(client, "acknowledge", one, shown=junk)
        one.refresh_from_db()
        assert one.state == State.OPEN

    @pytest.mark.parametrize("verb", ["acknowledge", "snooze", "dismiss"])
    def test_without_a_reason_nothing_is_done(self, client, ann, verb):
        one = finding()
        judge(client, verb, one, until=day(3), reason=" ")
        one.refresh_from_db()
        assert one.state == State.OPEN
        assert not AuditEntry.objects.exists()

    def test_the_dialog_carries_what_was_shown(self, client, ann):
        one = finding()
        answer = client.get(page("finding_snooze", one.pk), headers=IN_DIALOG)
        assert str(one.uid) in text(answer)
        assert 'type="date"' in text(answer)


class TestTheSelection:
    def choose(self, client, *chosen, action="acknowledge_selected", **fields):
        keys = [0, *(each.pk for each in chosen)]
        return client.post(
            LIST, {"action": action, ACTION_CHECKBOX_NAME: keys} | fields, follow=True
        )

    def test_is_judged_as_it_was_shown(self, client, ann):
        first, second, third = finding(), finding(), finding()
        question = self.choose(client, first, second)
        assert "2 selected." in text(question)
        frozen = shown(first, second)
        judge(client, "acknowledge", second)

        answer = self.choose(client, first, second, **form(shown=frozen))

        assert "1 of 2 were changed" in text(answer)
        states = [Finding.objects.get(pk=each.pk).state for each in (first, second, third)]
        assert states == ["acknowledged", "acknowledged", "open"]

    def test_may_be_all_of_the_view(self, client, ann):
        for _ in range(3):
            finding()
        finding(State.SNOOZED)
        assert "3 selected." in text(self.choose(client, select_across="1"))

    def test_of_nothing_says_so(self, client, ann):
        finding()
        assert "Nothing was selected" in text(self.choose(client))

    @pytest.mark.parametrize("action", ["snooze_selected", "dismiss_selected", "take_selected"])
    def test_can_be_silenced_or_taken(self, client, ann, action):
        one = finding()
        self.choose(client, one, action=action, **form(shown=shown(one), until=day(3)))
        one.refresh_from_db()
        assert one.version == 1
