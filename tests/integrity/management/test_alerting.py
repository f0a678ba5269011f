import json
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from integrity.audit import SYSTEM
from integrity.models import Alert, AuditEntry, Heartbeat, OutboxMessage
from integrity.relay import deliver_due
from integrity.sweep import check
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(setting):
    setting(ALERT_ADDRESSES=["ops@b.example"])


@pytest.fixture
def lost(lost_books):
    lost_books()
    Book.objects.create(state="lost")


def listed(manage, *arguments):
    return json.loads(manage("integrity", "alerts", "--format", "json", *arguments).out)


class TestList:
    def test_shows_what_is_open_and_whom_it_was_told(self, manage, told, lost):
        check(by=SYSTEM)
        [one] = listed(manage)
        assert (one["subject"], one["kind"], one["violations"]) == (
            "toy.no_book_is_lost",
            "critical",
            1,
        )
        assert one["last_told"] == "opened: not yet sent"
        deliver_due()
        assert listed(manage)[0]["last_told"].startswith("opened: mail-")

    def test_shows_what_is_over_when_asked(self, manage, told, lost):
        check(by=SYSTEM)
        Book.objects.update(state="done")
        check(by=SYSTEM)

        assert listed(manage) == []
        assert [each["state"] for each in listed(manage, "--state", "all")] == ["resolved"]

    def test_says_who_is_told_and_shows_no_address(self, manage, told):
        ended = manage("integrity", "alerts")

        assert (ended.code, ended.out) == (0, "none\n")
        assert ended.err.startswith("Alerts go to mail-")
        assert "ops@" not in ended.err

    def test_says_that_nobody_is(self, manage, lost):
        check(by=SYSTEM)

        assert "nobody can be told" in manage("integrity", "alerts").err
        assert listed(manage)[0]["last_told"] is None

    def test_says_what_the_limit_leaves_out(self, manage, lost_books):
        for name in ("toy.a", "toy.b"):
            lost_books(name)
        Book.objects.create(state="lost")
        check(by=SYSTEM)

        assert "1 more" in manage("integrity", "alerts", "--limit", "1").err


class TestTest:
    def test_arrives(self, manage, told):
        ended = manage("integrity", "alerts", "test", "--reason", "a new address")
        deliver_due()

        assert ended.code == 0
        [letter] = mail.outbox
        assert "TEST" in letter.subject
        assert AuditEntry.objects.get().reason == "a new address"

    def test_is_refused_without_an_address(self, manage):
        ended = manage("integrity", "alerts", "test")

        assert ended.code == 4
        assert "No address is set" in ended.err


class TestWatch:
    def test_0_when_all_is_alive(self, manage):
        assert manage("integrity", "watch").code == 0

    def test_1_when_somebody_is_silent_and_delivers_that_itself(self, manage, told):
        long_ago = timezone.now() - timedelta(minutes=6)
        Heartbeat.objects.filter(name="worker").update(at=long_ago)
        ended = manage("integrity", "watch")

        assert ended.code == 1
        assert "worker" in ended.out
        [letter] = mail.outbox
        assert "SILENT integrity.every_process_gives_signs_of_life" in letter.subject
        assert not OutboxMessage.objects.exists()

    def test_notes_each_address_by_itself(self, manage, setting):
        setting(ALERT_ADDRESSES=["ops@b.example", "desk@b.example"])
        Heartbeat.objects.filter(name="worker").update(at=timezone.now() - timedelta(minutes=6))
        manage("integrity", "watch")

        assert len(Alert.objects.get().sent) == len(mail.outbox) == 2
