import uuid

import pytest
from django.db import IntegrityError

from integrity.models import OutboxMessage
from integrity.outbox import effect, enqueue
from integrity.registry import UnknownName
from integrity.relay import deliver_due
from integrity.sqlstate import constraint_name
from integrity.transactions import TransactionRequired, transaction
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)
rung = []


def ring():
    rung.append(True)


@pytest.fixture(autouse=True)
def delivered():
    """What the effect of these tests has delivered."""
    messages = []
    effect("test.note")(messages.append)
    return messages


def promise(key="a", **fields):
    with transaction():
        enqueue("test.note", key=key, **fields)


def keys():
    return list(OutboxMessage.objects.order_by("pk").values_list("key", flat=True))


class TestPromising:
    def test_it_waits_until_it_is_delivered(self):
        promise(payload={"user": 7})

        message = OutboxMessage.objects.get()
        assert (message.effect, message.key, message.payload) == ("test.note", "a", {"user": 7})
        assert (message.state, message.attempts, message.begun) == ("pending", 0, False)

    def test_it_needs_a_transaction(self):
        with pytest.raises(TransactionRequired):
            enqueue("test.note", key="a")

    def test_it_goes_with_the_transaction(self):
        with pytest.raises(LookupError), transaction():
            enqueue("test.note", key="a")
            raise LookupError

        assert keys() == []

    def test_nobody_promises_what_nobody_delivers(self):
        with pytest.raises(UnknownName, match=r"Did you mean 'test.note'"), transaction():
            enqueue("test.notes", key="a")

    def test_a_blank_key_would_make_all_messages_one(self):
        with pytest.raises(ValueError, match="needs a key"):
            promise(key="")

    def test_ids_of_any_kind_may_be_in_the_payload(self):
        uid = uuid.uuid4()
        promise(payload={"user": uid})

        assert OutboxMessage.objects.get().payload == {"user": str(uid)}

    def test_a_payload_of_more_than_ids_is_refused(self):
        with pytest.raises(IntegrityError) as refused:
            promise(payload={"body": "x" * 8192})

        assert constraint_name(refused.value) == "integrity_outbox_payload_is_small"


class TestOnceUntilBegun:
    def test_a_second_promise_of_the_key_adds_nothing(self):
        promise(payload={"n": 1})
        promise(payload={"n": 2})

        assert OutboxMessage.objects.get().payload == {"n": 1}

    def test_another_key_or_effect_is_another_message(self):
        effect("test.other")(print)
        promise("a")
        promise("b")
        with transaction():
            enqueue("test.other", key="a")

        assert keys() == ["a", "b", "a"]

    def test_once_somebody_has_begun_to_deliver_it_a_new_one_is_needed(self):
        promise()
        OutboxMessage.objects.update(begun=True)

        promise()

        assert keys() == ["a", "a"]

    def test_the_relay_waits_for_what_is_promised_again(self, delivered):
        """Else it would deliver the state of before, and the second promise would be gone."""
        promise()

        with in_threads() as start, transaction():
            enqueue("test.note", key="a")
            assert start(deliver_due).result(timeout=10).count == 0

        assert deliver_due().count == 1

    def test_a_promise_made_while_the_relay_begins_is_kept_apart(self):
        promise()

        with rival() as relay, rival() as watcher, in_threads() as start:
            relay("BEGIN")
            relay("UPDATE integrity_outboxmessage SET begun = true")
            second = start(promise)
            wait_for_a_blocked_session(watcher)
            relay("COMMIT")

        second.result()
        assert keys() == ["a", "a"]


class TestDoorbell:
    @pytest.fixture(autouse=True)
    def bell(self, setting):
        rung.clear()
        setting(DOORBELL="tests.integrity.test_outbox.ring")

    def test_it_rings_once_after_commit(self):
        with transaction():
            enqueue("test.note", key="a")
            enqueue("test.note", key="b")
            assert rung == []

        assert rung == [True]

    def test_it_is_silent_when_nothing_was_promised_in_the_end(self):
        with pytest.raises(LookupError), transaction():
            enqueue("test.note", key="a")
            raise LookupError

        assert rung == []

    def test_a_broken_one_costs_nothing_but_time(self, monkeypatch):
        monkeypatch.setattr("tests.integrity.test_outbox.ring", lambda: 1 / 0)

        promise()

        assert keys() == ["a"]
