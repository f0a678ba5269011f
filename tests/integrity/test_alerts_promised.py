"""Who is told: each address by a promise of its own, a watcher outside, and whoever tries it."""

import pytest

from integrity.alerts import NoAddress, send_test
from integrity.audit import SYSTEM, Actor
from integrity.models import AuditEntry, Finding, Incident, IncidentChange, OutboxMessage
from integrity.sweep import check
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor("operator", "1", "seen it", via="admin")


@pytest.fixture(autouse=True)
def told(setting):
    setting(ALERT_ADDRESSES=["json://127.0.0.1:9/x"])


def promised(effect="integrity.alert"):
    return OutboxMessage.objects.filter(effect=effect).count()


@pytest.fixture
def lost(lost_books):
    lost_books()
    return Book.objects.create(state="lost")


def test_each_address_has_a_promise_of_its_own_that_names_no_secret(lost, setting):
    setting(ALERT_ADDRESSES=["json://:hush@127.0.0.1:9/x", "ops@example.com"])
    check(by=SYSTEM)

    kept = str(list(OutboxMessage.objects.values_list("key", "payload")))
    assert promised() == 2
    assert "hush" not in kept
    assert "ops@" not in kept


class TestTheWatcherOutside:
    def test_hears_of_each_sweep_of_the_schedule_whatever_it_found(self, lost, setting):
        setting(ALIVE_URL="http://127.0.0.1:9/")
        check(by=SYSTEM)
        assert promised("integrity.say_alive") == 0
        check(by=SYSTEM, slot=Finding.objects.get().first_seen_at)
        assert promised("integrity.say_alive") == 1

    def test_is_not_told_where_there_is_none(self, lost_books):
        lost_books()
        check(by=SYSTEM, slot="2026-11-20T02:00Z")
        assert promised("integrity.say_alive") == 0


class TestATest:
    def test_is_promised_noted_and_audited(self):
        alert = send_test(by=OPERATOR)

        change = IncidentChange.objects.get()
        assert (change.alert, change.kind, Incident.objects.get().state) == (
            alert,
            "test",
            "resolved",
        )
        assert promised() == 1
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.reason) == ("integrity.test_alert_sent", "seen it")

    def test_may_be_repeated_and_outlives_a_sweep(self, declared):
        send_test(by=OPERATOR), send_test(by=OPERATOR)

        check(by=SYSTEM)
        assert IncidentChange.objects.count() == 2
        assert (Incident.objects.get().times, promised()) == (2, 2)

    def test_needs_an_address(self, setting):
        setting(ALERT_ADDRESSES=())

        with pytest.raises(NoAddress):
            send_test(by=OPERATOR)
        assert not Incident.objects.exists()
        assert not AuditEntry.objects.exists()
