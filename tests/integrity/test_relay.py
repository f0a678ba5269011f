import uuid

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from integrity.models import EffectCount, OutboxMessage
from integrity.outbox import Permanent, effects
from integrity.relay import _CLAIM_ABANDONED, _CLAIM_PENDING, Delivered, deliver_due
from integrity.transactions import transaction
from tests.database import execute
from tests.integrity.mailroom import MINUTE, keys, make_due, promise, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("post")]


class TestDelivering:
    def test_the_handler_gets_what_was_promised(self, post):
        promise("a", payload={"user": 7}, sealed={"to": "ada@example.com"})
        uid = row().uid

        assert deliver_due() == Delivered(count=1)

        [message] = post.messages
        assert (message.effect, message.key, message.payload) == ("test.note", "a", {"user": 7})
        assert (message.sealed, message.attempts) == ({"to": "ada@example.com"}, 0)
        assert message.idempotency_key == str(uid)

    def test_a_delivered_message_is_gone_and_counted(self):
        promise("a", "b")
        deliver_due()
        promise("c")
        deliver_due()

        assert keys() == []
        counted = EffectCount.objects.get(effect="test.note")
        assert (counted.day, counted.delivered) == (timezone.now().date(), 3)

    def test_it_happens_outside_any_transaction(self, post):
        seen = []
        post.first = lambda message: seen.append((connection.in_atomic_block, row().state))
        promise("a")

        deliver_due()

        assert seen == [(False, "leased")]

    def test_it_refuses_to_run_inside_one(self):
        with pytest.raises(RuntimeError, match="outside any transaction"), transaction():
            deliver_due()

    def test_what_a_handler_promises_is_delivered_too(self, post):
        post.first = lambda message: message.key == "a" and promise("b")
        promise("a")

        assert deliver_due().count == 2

    def test_what_is_not_due_waits(self):
        promise("a")
        OutboxMessage.objects.update(available_at=Now() + MINUTE)

        assert deliver_due().handled == 0

    def test_a_limit_is_kept(self):
        promise(*"abcde")

        assert deliver_due(batch=2, limit=3).count == 3
        assert len(keys()) == 2

    def test_a_time_limit_is_kept(self, post, clock):
        promise(*"abc")

        def take_a_second(message):
            clock.now += 1

        post.first = take_a_second

        assert deliver_due(batch=1, seconds=1.5).count == 2

    def test_an_effect_that_no_app_declares_is_left_alone(self):
        promise("a")
        del effects._entries["test.note"]

        assert deliver_due().handled == 0
        assert row().state == "pending"

    def test_the_earliest_due_is_first(self, post):
        promise("late", "early")
        OutboxMessage.objects.filter(key="early").update(available_at=Now() - MINUTE)

        deliver_due(batch=1)

        assert post.keys == ["early", "late"]


class TestALongQueue:
    def test_it_is_claimed_by_its_indexes(self):
        """Looking through all that waits would make each claim as long as the queue."""
        execute(
            "INSERT INTO integrity_outboxmessage (effect, key, ordering_key, payload)"
            " SELECT 'test.note', n, CASE WHEN n %% 10 = 0 THEN n %% 500 || '' ELSE '' END, '{}'"
            " FROM generate_series(1, 20000) AS n"
        )
        execute("ANALYZE integrity_outboxmessage")

        for claim in (_CLAIM_PENDING, _CLAIM_ABANDONED):
            plan = explain(claim)
            assert plan.count("Index Scan using integrity_outbox_due") == 1
            assert plan.count("Index Only Scan using integrity_outbox_order") == 1


def explain(claim):
    parameters = {"known": ["test.note"], "keys": None, "tried": [], "size": 100}
    parameters |= {"token": uuid.uuid4(), "lease": MINUTE}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {claim}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


class TestOrderingKey:
    def test_one_after_the_other_whatever_is_due_first(self, post):
        promise("first", "second", "third", ordering_key="user:1")
        OutboxMessage.objects.filter(key="third").update(available_at=Now() - MINUTE)

        deliver_due()

        assert post.keys == ["first", "second", "third"]

    @pytest.mark.parametrize("error", [TimeoutError(), Permanent()])
    def test_a_failed_head_holds_its_own_key_only(self, post, error):
        def fail_first(message):
            if message.key == "first":
                raise error

        post.first = fail_first
        promise("first", "second", ordering_key="user:1")
        promise("other", ordering_key="user:2")
        promise("free")

        deliver_due()

        assert sorted(post.keys) == ["free", "other"]
        assert keys() == ["first", "second"]

    def test_the_rest_follows_once_the_head_is_gone(self, post):
        post.fails_with(TimeoutError())
        promise("first", "second", ordering_key="user:1")
        deliver_due()
        make_due()
        post.first = lambda message: None

        deliver_due()

        assert post.keys == ["first", "second"]
