import math
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from integrity.models import OutboxMessage
from integrity.outbox import Permanent, RetryLater, TryAgain
from integrity.relay import LONGEST_WAIT, Delivered, back_off, deliver_due
from integrity.schedule import SEEDS
from tests.integrity.mailroom import keys, make_due, promise, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("post")]


def events(caplog):
    return [(record.levelname, record.event) for record in caplog.records]


class TestFailing:
    def test_it_comes_back_later_with_its_error(self, post, caplog):
        post.fails_with(TimeoutError("no answer"))
        promise("a")

        assert deliver_due() == Delivered(retried=1)

        message = row()
        assert (message.state, message.attempts) == ("pending", 1)
        assert (message.lease_token, message.last_error) == (None, "TimeoutError")
        assert message.available_at <= timezone.now() + timedelta(seconds=2)
        assert events(caplog) == [("WARNING", "outbox.delivery_failed")]

    def test_one_call_tries_a_message_once(self, post, monkeypatch):
        monkeypatch.setattr("integrity.relay.back_off", lambda attempts: 0.0)
        post.fails_with(TimeoutError())
        promise("a", "b")

        assert deliver_due(batch=1) == Delivered(retried=2)

    def test_one_failure_stops_no_other_message(self, post):
        def refuse_b(message):
            if message.key == "b":
                raise TimeoutError

        post.first = refuse_b
        promise(*"abc")

        assert deliver_due() == Delivered(count=2, retried=1)
        assert keys() == ["b"]

    def test_it_is_dead_after_twelve_attempts(self, post, caplog):
        post.fails_with(TimeoutError())
        promise("a")

        results = []
        for _ in range(14):
            results.append(deliver_due())
            make_due()

        assert results[:12] == [Delivered(retried=1)] * 11 + [Delivered(dead=1)]
        assert results[12:] == [Delivered()] * 2
        message = row()
        assert (message.state, message.attempts) == ("dead", 12)
        assert message.dead_at
        assert events(caplog)[-1] == ("CRITICAL", "outbox.effect_dead")
        assert f"manage.py outbox retry {message.uid}" in caplog.text

    def test_a_reason_of_ours_is_shown_and_an_attempt_counted(self, post):
        post.fails_with(TryAgain("nobody can tell"))
        promise("a")

        assert deliver_due() == Delivered(retried=1)
        assert (row().attempts, row().last_error) == (1, "TryAgain: nobody can tell")

    def test_the_handler_learns_when_it_was_promised(self, post):
        promise("a")
        promised_at = row().created_at

        deliver_due()

        assert [message.promised_at for message in post.messages] == [promised_at]

    def test_a_permanent_refusal_is_dead_at_once(self, post):
        post.fails_with(Permanent("the mailbox does not exist"))
        promise("a")

        assert deliver_due() == Delivered(dead=1)
        assert row().last_error == "Permanent: the mailbox does not exist"

    def test_who_asks_for_a_pause_gets_it_and_no_blame(self, post):
        post.fails_with(RetryLater(900))
        promise("a")

        assert deliver_due() == Delivered(retried=1)

        message = row()
        assert (message.state, message.attempts) == ("pending", 0)
        left = message.available_at - timezone.now()
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)

    @pytest.mark.parametrize(
        ("asked", "given"), [(-5, 1), (0, 1), (math.nan, 1), (math.inf, 86_400)]
    )
    def test_a_senseless_pause_is_bounded(self, post, asked, given):
        post.fails_with(RetryLater(asked))
        promise("a")
        before = timezone.now()

        deliver_due()

        left = (row().available_at - before).total_seconds()
        assert given <= left < given + 10

    def test_a_seal_that_no_key_opens_yet_is_tried_again(self, setting):
        promise("a", sealed={"to": "ada@example.com"})
        setting(SEAL_KEYS=["A" * 43 + "="])

        assert deliver_due() == Delivered(retried=1)
        assert row().last_error.startswith("UnreadableSeal")

    @pytest.mark.parametrize(
        "error",
        [ValueError("ada@example.com is no good"), Permanent("550 <ada@example.com>: unknown")],
    )
    def test_no_address_gets_into_log_or_table(self, post, caplog, error):
        post.fails_with(error)
        promise("a", sealed={"to": "ada@example.com"})

        deliver_due()

        assert "@" not in row().last_error + caplog.text
        assert caplog.records

    def test_a_dead_message_is_never_aged_out(self, post):
        post.fails_with(Permanent())
        promise("a")
        deliver_due()
        long_ago = timezone.now() - timedelta(days=4000)
        OutboxMessage.objects.update(created_at=long_ago, available_at=long_ago, dead_at=long_ago)

        for task, _ in SEEDS.values():
            import_string(task).run()

        assert row().state == "dead"


class TestBackOff:
    @given(attempts=st.integers(0, 40_000))
    def test_it_doubles_up_to_an_hour_and_never_exceeds_it(self, attempts):
        assert 0 <= back_off(attempts) <= min(LONGEST_WAIT, 2.0 ** min(attempts + 1, 20))

    def test_it_spreads_over_the_whole_range(self):
        waits = [back_off(5) for _ in range(500)]

        assert min(waits) < 8 < 56 < max(waits)
