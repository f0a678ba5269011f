"""A submission is committed once, however often it arrives and whatever its caller was told."""

import uuid
from datetime import timedelta
from threading import Event

import pytest
from django.utils import timezone

from integrity.flows import AlreadyDone, claim_operation, flow
from integrity.models import Operation
from integrity.operations import forget_old_operations
from integrity.transactions import CommitNotConfirmed
from tests.integrity.test_flows import Refused, count, counted, outcomes
from tests.integrity.test_transactions import END_SESSION, LOSE_ANSWER, at_commit
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)
KEY = str(uuid.uuid4())


@pytest.fixture
def add():
    """A flow that counts one for each submission."""

    @flow("test.flow", lock_timeout=10)
    def add(*, key, before_commit=lambda: None):
        claim_operation(key)
        count("a")
        before_commit()

    return add


class TestClaiming:
    def test_a_second_submission_is_told_that_it_is_done(self, add):
        add(key=KEY)

        with pytest.raises(AlreadyDone):
            add(key=KEY)

        assert counted() == 1

    def test_another_flow_may_use_the_key(self, add):
        add(key=KEY)

        flow("test.other")(lambda: claim_operation(KEY))()

        assert Operation.objects.count() == 2

    def test_a_blank_key_claims_nothing(self, add):
        add(key="")
        add(key="")

        assert counted() == 2

    def test_a_refused_submission_may_be_sent_again(self, add):
        def refuse():
            raise Refused

        with pytest.raises(Refused):
            add(key=KEY, before_commit=refuse)
        add(key=KEY)

        assert counted() == 1

    def test_it_belongs_into_a_flow(self):
        with pytest.raises(RuntimeError, match="start of a flow"):
            claim_operation(KEY)


class TestTwoAtOnce:
    def test_the_second_waits_and_is_told_that_it_is_done(self, add):
        second, end = self.meet(add, then=lambda: None)

        assert isinstance(second.exception(), AlreadyDone)
        assert end.result() is None
        assert counted() == 1

    def test_when_the_first_rolls_back_the_second_does_the_work(self, add):
        def refuse():
            raise Refused

        second, first = self.meet(add, then=refuse)

        assert isinstance(first.exception(), Refused)
        assert second.result() is None
        assert counted() == 1

    def meet(self, add, *, then):
        claimed, go_on = Event(), Event()

        def pause():
            claimed.set()
            go_on.wait(10)
            then()

        with in_threads() as start, rival() as other:
            first = start(add, key=KEY, before_commit=pause)
            claimed.wait(10)
            second = start(add, key=KEY)
            wait_for_a_blocked_session(other)
            go_on.set()
        return second, first


class TestAnUnknownCommit:
    def test_committed_after_all_means_already_done(self, add):
        with pytest.raises(AlreadyDone), at_commit(LOSE_ANSWER):
            add(key=KEY)

        assert counted() == 1
        assert outcomes() == {"already_done": 1}

    def test_not_committed_means_that_it_is_done_now(self, add):
        with at_commit(END_SESSION):
            add(key=KEY)

        assert counted() == 1
        assert outcomes() == {"committed": 1}

    def test_it_stays_unknown_without_a_claim(self, add):
        with pytest.raises(CommitNotConfirmed), at_commit(END_SESSION):
            add(key="")

        assert counted() == 0

    def test_busy_afterwards_is_no_proof_that_nothing_was_changed(self):
        @flow("test.flow", lock_timeout=0.02)
        def add(*, key):
            claim_operation(key)
            count("a")

        with rival() as other:

            def lose_and_lock(wrapper):
                other("BEGIN")
                try:
                    LOSE_ANSWER(wrapper)
                finally:
                    other("LOCK TABLE integrity_operation")

            with pytest.raises(CommitNotConfirmed), at_commit(lose_and_lock):
                add(key=KEY)

        assert counted() == 1


class TestForgetting:
    def test_keys_are_kept_for_thirty_days(self, monkeypatch):
        monkeypatch.setattr("integrity.operations.BATCH", 2)
        for age in (29, 31, 32, 33):
            at = timezone.now() - timedelta(days=age)
            Operation.objects.create(flow="a", key=str(age), claimed_at=at)

        assert forget_old_operations() == 3
        assert [each.key for each in Operation.objects.all()] == ["29"]
