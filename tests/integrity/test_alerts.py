"""One incident for each invariant, told when it begins, when it gets worse and when it is over."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.alerts import KINDS
from integrity.audit import SYSTEM, Actor
from integrity.findings import mark_false_positive, snooze
from integrity.invariants import Severity, invariant, invariants
from integrity.models import Alert, Finding, Incident, IncidentChange, OutboxMessage
from integrity.rungs import Sample
from integrity.sweep import check
from tests.database import execute
from tests.integrity.toy.models import Book
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor("operator", "1", "seen it", via="admin")


@pytest.fixture(autouse=True)
def told(setting):
    setting(ALERT_ADDRESSES=["json://127.0.0.1:9/x"])


def swept(**options):
    """A sweep of everything; returns what changed by it."""
    before = set(IncidentChange.objects.values_list("pk", flat=True))
    check(by=SYSTEM, **options)
    changes = IncidentChange.objects.exclude(pk__in=before).order_by("pk")
    return [(each.step, each.kind) for each in changes]


def lose(count=1):
    Book.objects.bulk_create(Book(state="lost") for _ in range(count))


def find_all():
    Book.objects.update(state="done")


def incident():
    return Incident.objects.get()


def promised():
    return OutboxMessage.objects.filter(effect="integrity.alert").count()


def test_each_kind_is_a_word_that_a_page_can_be_named_after():
    assert len(set(KINDS)) == len(KINDS) == 8
    assert all(kind.isalpha() and kind.islower() for kind in KINDS)


class TestWhatMustNotBeBroken:
    @pytest.mark.parametrize("severity", [Severity.ERROR, Severity.CRITICAL])
    def test_is_told_once_however_many_rows_there_are(self, lost_books, severity):
        lost_books(severity=severity)
        lose(50)

        assert swept() == [("opened", "critical")]
        assert (incident().state, incident().count, incident().severity) == ("open", 50, severity)
        assert (promised(), Alert.objects.count()) == (1, 1)

    def test_the_same_state_says_nothing_new_nor_do_more_rows_of_it(self, lost_books):
        lost_books()
        lose()
        swept()

        assert swept() == []
        lose(9)
        assert swept() == []
        assert (incident().count, promised()) == (10, 1)

    def test_its_end_is_told_and_names_the_same_incident(self, lost_books):
        lost_books()
        lose()
        swept()
        opened = incident().uid
        find_all()

        assert swept() == [("resolved", "critical")]
        assert (incident().uid, incident().state, incident().count) == (opened, "resolved", 0)
        assert swept() == []

    def test_what_comes_back_opens_it_again(self, lost_books):
        lost_books()
        lose()
        swept()
        find_all()
        swept()
        Book.objects.update(state="lost")

        assert swept() == [("reopened", "regressed")]
        assert (incident().times, incident().resolved_at) == (2, None)
        assert swept() == []

    def test_what_comes_back_while_it_is_open_is_told_once(self, lost_books):
        lost_books()
        lose(2)
        swept()
        first = Book.objects.first()
        for state in ("done", "lost"):
            Book.objects.filter(pk=first.pk).update(state=state)
            changes = swept()
        assert changes == [("worse", "regressed")]
        for state in ("done", "lost"):
            Book.objects.filter(pk=first.pk).update(state=state)
            assert swept() == []


class TestAWarning:
    def test_makes_a_run_degraded_and_is_told(self, lost_books):
        lost_books(severity=Severity.WARNING)
        lose()

        assert swept() == [("opened", "degraded")]

    def test_an_information_is_not(self, lost_books):
        lost_books(severity=Severity.INFO)
        lose()

        assert swept() == []
        assert not Incident.objects.exists()


class TestAThreshold:
    def test_is_told_when_it_is_crossed_and_when_the_next_one_is(self, lost_books):
        lost_books(warn_if="> 1", error_if="> 3")
        lose()
        assert swept() == []
        lose()
        assert swept() == [("opened", "threshold")]
        lose()
        assert swept() == []
        lose()
        assert swept() == [("worse", "threshold")]
        assert incident().severity == Severity.ERROR

    def test_to_and_fro_across_it_is_told_once(self, lost_books):
        lost_books(warn_if="> 1", error_if="> 3")
        lose(4)
        swept()
        Book.objects.filter(pk__in=[each.pk for each in Book.objects.all()[:2]]).delete()
        assert swept() == []
        lose(2)
        assert swept() == []
        assert (incident().count, incident().severity) == (4, Severity.ERROR)


class TestWhatNobodyCouldTell:
    @pytest.fixture
    def failing(self, declared):
        @invariant("toy.no_book_is_lost")
        def fails():
            raise LookupError

    def test_is_told_as_degraded_and_the_second_time_in_a_row_as_unknown(self, failing):
        assert swept() == [("opened", "degraded")]
        assert swept() == [("worse", "unknown")]
        assert swept() == []
        assert incident().count is None

    def test_ends_with_a_look_that_could_tell(self, failing, lost_books):
        swept()
        invariants._entries.clear()
        lost_books()

        assert swept() == [("resolved", "degraded")]
        assert incident().unknowns == 0

    def test_and_is_broken_then_is_told(self, failing, lost_books):
        swept(), swept()
        invariants._entries.clear()
        lost_books()
        lose()

        assert swept() == [("worse", "critical")]

    def test_while_it_is_open_changes_nothing(self, lost_books):
        lost_books()
        lose()
        swept()
        invariants._entries.clear()

        @invariant("toy.no_book_is_lost")
        def fails():
            raise LookupError

        assert swept() + swept() == []
        assert (incident().kind, incident().count) == ("critical", 1)

    def test_in_a_look_at_less_than_everything_is_known_to_who_looks(self, failing):
        check(["toy.no_book_is_lost"], by=SYSTEM)
        check(by=SYSTEM, rung=Sample(50))

        assert not Incident.objects.exists()


class TestWhatOperatorsHaveJudged:
    def test_ends_it_when_all_is_silenced_and_the_end_of_a_silence_opens_it(self, lost_books):
        lost_books()
        lose()
        swept()
        uids, soon = [Finding.objects.get().uid], Finding.objects.get().first_seen_at
        snooze(uids=uids, until=soon + timedelta(days=1), by=OPERATOR)

        assert swept() == [("silenced", "critical")]
        assert swept() == []
        Finding.objects.update(until=Now() - timedelta(seconds=1))
        assert swept() == [("reopened", "critical")]

    def test_does_not_hide_what_nobody_has_judged(self, lost_books):
        lost_books()
        lose()
        swept()
        finding = Finding.objects.get()
        until = finding.first_seen_at + timedelta(days=1)
        mark_false_positive(uids=[finding.uid], until=until, by=OPERATOR)
        lose()

        assert swept() == []
        assert incident().state == "open"

    def test_an_invariant_that_nobody_declares_any_more_is_withdrawn(self, lost_books):
        lost_books()
        lose()
        swept()
        invariants._entries.clear()

        assert swept() == [("withdrawn", "critical")]

    def test_a_renamed_one_keeps_its_incident(self, lost_books):
        lost_books("toy.books_are_there")
        lose()
        swept()
        invariants._entries.clear()
        lost_books("toy.no_book_is_lost", aliases=("toy.books_are_there",))

        assert swept() == []
        assert incident().subject == "toy.no_book_is_lost"


def test_a_bad_night_is_one_message(lost_books):
    for number in range(30):
        lost_books(f"toy.no_book_is_lost_{number}")
    lose()

    assert len(swept()) == 30
    assert (Incident.objects.count(), promised()) == (30, 1)


def test_without_an_address_the_incident_is_there_and_nobody_is_told(lost_books, setting):
    setting(ALERT_ADDRESSES=())
    lost_books()
    lose()

    assert swept() == [("opened", "critical")]
    assert (promised(), IncidentChange.objects.get().alert) == (0, None)


def test_a_stale_look_changes_nothing(lost_books):
    lost_books()
    lose()
    swept()
    Incident.objects.update(judged_at=Now() + timedelta(hours=1))
    find_all()

    assert swept() == []
    assert incident().state == "open"


def test_two_checks_that_meet_open_it_once(lost_books):
    lost_books()
    lose()
    with in_threads() as start:
        for names in ((), ("toy.no_book_is_lost",)):
            start(check, names=names, by=SYSTEM)

    assert [each.step for each in IncidentChange.objects.all()] == ["opened"]
    assert (incident().times, promised()) == (1, 1)


def test_who_meets_another_at_an_incident_waits_and_judges_what_that_one_left(lost_books):
    lost_books()
    lose()
    swept()
    find_all()
    with rival() as other, in_threads() as start:
        other("BEGIN")
        other("UPDATE integrity_incident SET judged_at = now() + interval '1 hour'")
        start(check, by=SYSTEM)
        wait_for_a_blocked_session(execute)
        other("COMMIT")

    assert [each.step for each in IncidentChange.objects.all()] == ["opened"]
