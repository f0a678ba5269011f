import uuid
from contextlib import nullcontext
from threading import Barrier

import pytest
from django.db.models.functions import Now

from integrity.models import EffectCount, OutboxMessage
from integrity.outbox import Permanent
from integrity.relay import Delivered, deliver_due
from tests.integrity.mailroom import MINUTE, keys, leave_behind, promise, row
from tests.rivals import in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("post")]


class TestLease:
    def test_a_message_in_delivery_is_not_given_to_another(self, post):
        with in_threads() as start:
            others = []
            post.first = lambda message: others.append(start(deliver_due).result())
            promise("a")

            deliver_due()

        assert others == [Delivered()]

    def test_two_relays_never_deliver_one_message_twice(self, post):
        promise(*map(str, range(120)))
        together = Barrier(2)

        def relay():
            together.wait(10)
            return deliver_due(batch=7)

        with in_threads() as start:
            results = [start(relay), start(relay)]

        assert sum(each.result().count for each in results) == 120
        assert sorted(map(int, post.keys)) == list(range(120))

    def test_what_a_killed_relay_left_is_delivered_and_blamed(self, post):
        leave_behind("a")

        assert deliver_due() == Delivered(count=1)
        assert post.messages[0].attempts == 1

    def test_it_is_left_alone_while_the_lease_lasts(self):
        leave_behind("a")
        OutboxMessage.objects.update(available_at=Now() + MINUTE)

        assert deliver_due() == Delivered()

    def test_what_was_left_behind_is_taken_over_one_by_one(self, post):
        leave_behind("a", "b", "c")
        old = row().lease_token
        untouched = []
        post.first = lambda message: untouched.append(
            OutboxMessage.objects.filter(lease_token=old).count()
        )

        deliver_due()

        assert untouched == [2, 1, 0]

    def test_a_message_that_kills_every_holder_is_dead_after_twelve(self, post):
        promise("a")

        for _ in range(12):
            OutboxMessage.objects.update(
                state="leased", begun=True, lease_token=uuid.uuid4(), available_at=Now() - MINUTE
            )
            post.first = self.die
            with pytest.raises(SystemExit) if row().attempts < 11 else nullcontext():
                deliver_due()

        assert (row().state, row().attempts) == ("dead", 12)
        assert post.messages == []

    def die(self, message):
        raise SystemExit

    def test_a_stale_holder_deletes_nothing(self, post):
        def taken_over(message):
            OutboxMessage.objects.update(lease_token=uuid.uuid4())

        post.first = taken_over
        promise("a")

        deliver_due()

        assert row().state == "leased"
        assert not EffectCount.objects.exists()

    @pytest.mark.parametrize("error", [TimeoutError(), Permanent()])
    def test_a_stale_holder_marks_nothing_as_failed(self, post, caplog, error):
        def taken_over(message):
            OutboxMessage.objects.update(lease_token=uuid.uuid4())
            raise error

        post.first = taken_over
        promise("a")

        assert deliver_due() == Delivered()
        assert (row().state, row().attempts) == ("leased", 0)
        assert caplog.records == []

    def test_what_half_the_lease_leaves_no_time_for_is_given_back(self, post, clock):
        def take_a_minute(message):
            clock.now += 61

        post.first = take_a_minute
        promise(*"abc")

        assert deliver_due(seconds=60).count == 1

        assert keys() == ["b", "c"]
        assert (row("b").state, row("b").lease_token, row("b").attempts) == ("pending", None, 0)

    def test_a_kill_repeats_a_second_of_work_at_most(self, post, clock):
        left = []

        def take_a_second(message):
            left.append(len(keys()))
            clock.now += 1.01

        post.first = take_a_second
        promise(*"abc")

        deliver_due()

        assert left == [3, 2, 1]

    def test_an_interrupted_relay_forgets_what_it_did_and_gives_back_the_rest(self, post):
        def stop_at_b(message):
            if message.key == "b":
                raise KeyboardInterrupt

        post.first = stop_at_b
        promise(*"abc")

        with pytest.raises(KeyboardInterrupt):
            deliver_due()

        assert keys() == ["b", "c"]
        assert (row("b").state, row("c").state) == ("leased", "pending")
