"""An alert is delivered once it is promised: again after a failure, and never instead of a check."""

import pytest
from django.db.models.functions import Now

from integrity import effects as module
from integrity.alerts import send_test
from integrity.audit import SYSTEM
from integrity.invariants import Severity
from integrity.models import Alert, Incident, OutboxMessage, Run
from integrity.relay import Delivered, deliver_due
from integrity.sweep import check
from tests.integrity.hearing import listening
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ear(setting):
    with listening() as ear:
        setting(ALERT_ADDRESSES=[f"json://{ear.place}/x"])
        yield ear


@pytest.fixture
def lost(lost_books):
    lost_books(severity=Severity.CRITICAL)
    Book.objects.create(state="lost", title="Ada Lovelace")


def sweep():
    return check(by=SYSTEM)


def make_due():
    OutboxMessage.objects.update(available_at=Now())


def test_a_check_tells_when_it_begins_and_when_it_is_over(ear, lost):
    sweep(), deliver_due(), sweep(), deliver_due()
    Book.objects.update(state="done")
    sweep(), deliver_due()

    assert ear.titles == [
        "[Everafter, demo] CRITICAL toy.no_book_is_lost",
        "[Everafter, demo] RESOLVED toy.no_book_is_lost",
    ]
    uid = str(Incident.objects.get().uid)[:8]
    assert all(uid in each["message"] for each in ear.heard)
    assert [each["type"] for each in ear.heard] == ["failure", "success"]


def test_no_row_is_quoted(ear, lost):
    sweep(), deliver_due()

    assert "Ada" not in str(ear.heard)


def test_when_it_was_sent_and_to_whom_is_noted(ear, lost):
    sweep()
    assert Alert.objects.get().sent == {}
    deliver_due()

    [(label, at)] = Alert.objects.get().sent.items()
    assert label.startswith("json-")
    assert at[:4].isdigit()


def test_where_nobody_answers_the_check_is_none_the_worse_and_it_comes_again(ear, lost):
    ear.status = 503
    done = sweep()
    assert (done.run.state, done.run.status) == (Run.State.SUCCEEDED, "critical")
    assert deliver_due() == Delivered(0, 1, 0)
    [message] = OutboxMessage.objects.all()
    assert message.last_error == f"TryAgain: {message.payload['to']} did not take it"

    ear.status = 200
    make_due()
    assert deliver_due() == Delivered(1, 0, 0)
    assert len(ear.heard) == 1


def test_what_is_refused_for_ever_is_parked_and_the_next_check_is_made_all_the_same(
    ear, lost, setting
):
    setting(OUTBOX_ATTEMPTS=1)
    ear.status = 503
    sweep()
    assert deliver_due() == Delivered(0, 0, 1)

    assert OutboxMessage.objects.get().state == "dead"
    assert Alert.objects.get().sent == {}
    assert sweep().run.state == Run.State.SUCCEEDED


def test_an_address_that_fails_holds_up_no_other(ear, lost, setting):
    setting(ALERT_ADDRESSES=["json://127.0.0.1:9/x", f"json://{ear.place}/x"])
    sweep()

    assert deliver_due() == Delivered(1, 1, 0)
    assert len(ear.heard) == 1


class TestWhoDies:
    @pytest.fixture
    def dies(self, monkeypatch):
        """As a process that is killed: nothing of what follows happens."""

        def at(name):
            real = getattr(module, name)

            def die(*args):
                real(*args) if name == "send" else None
                monkeypatch.setattr(module, name, real)
                raise KeyboardInterrupt

            monkeypatch.setattr(module, name, die)

        return at

    def relay(self):
        with pytest.raises(KeyboardInterrupt):
            deliver_due()
        make_due()
        assert deliver_due() == Delivered(1, 0, 0)
        assert not OutboxMessage.objects.exists()

    def test_before_it_is_sent_leaves_it_to_the_next(self, ear, lost, dies):
        sweep(), dies("compose"), self.relay()

        assert len(ear.heard) == 1

    def test_after_it_was_sent_and_before_it_was_noted_has_it_sent_twice(self, ear, lost, dies):
        sweep(), dies("send"), self.relay()

        assert len(ear.heard) == 2

    def test_after_it_was_noted_has_it_sent_no_more(self, ear, lost):
        sweep()
        promise = OutboxMessage.objects.values("effect", "key", "payload").get()
        deliver_due()
        OutboxMessage.objects.create(**promise)
        deliver_due()

        assert len(ear.heard) == 1


def test_an_alert_for_an_address_that_is_gone_is_dropped_and_that_is_logged(ear, caplog, setting):
    send_test(by=SYSTEM)
    setting(ALERT_ADDRESSES=["ops@b.example"])

    assert deliver_due() == Delivered(1, 0, 0)
    assert [record.event for record in caplog.records] == ["alert.dropped"]
    assert Alert.objects.get().sent == {}


class TestTheWatcherOutside:
    @pytest.fixture
    def swept(self, ear, lost_books, setting):
        setting(ALIVE_URL=f"http://{ear.place}/alive", ALERT_ADDRESSES=())
        lost_books()
        check(by=SYSTEM, slot="2026-11-20T02:00Z")

    def test_is_asked_once(self, ear, swept):
        deliver_due()

        assert ear.asked == ["/alive"]

    def test_is_asked_again_if_it_does_not_answer(self, ear, swept):
        ear.status = 500
        assert deliver_due() == Delivered(0, 1, 0)
        assert OutboxMessage.objects.get().last_error.startswith("TryAgain: the watcher")

    def test_is_never_a_file(self, swept, setting):
        setting(ALIVE_URL="file:///etc/hostname")
        assert deliver_due() == Delivered(0, 0, 1)

    def test_may_be_gone(self, ear, swept, setting):
        setting(ALIVE_URL="")
        assert deliver_due() == Delivered(1, 0, 0)
        assert ear.asked == []
