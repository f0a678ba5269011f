from contextlib import nullcontext
from datetime import date
from threading import Barrier
from time import monotonic

import pytest
from django.db import IntegrityError, connection

from integrity.flows import AlreadyDone, Busy, flow, flows
from integrity.models import EffectCount, FlowOutcome
from integrity.registry import DuplicateName
from integrity.transactions import CommitNotConfirmed, transaction
from tests.database import execute
from tests.integrity.test_transactions import LOSE_ANSWER, at_commit, fail_a_statement
from tests.rivals import in_threads, rival

pytestmark = pytest.mark.django_db(transaction=True)


class Refused(Exception):
    """A rule says no."""


def count(effect, by=1):
    """The row to fight for."""
    row, _ = EffectCount.objects.get_or_create(
        effect=effect, day=date(2026, 1, 1), defaults={"delivered": 0}
    )
    row.delivered += by
    row.save(update_fields=["delivered"])


def counted(effect="a"):
    """The sum, as a new connection sees it where no transaction is open."""
    if not connection.in_atomic_block:
        connection.close()
    return sum(EffectCount.objects.filter(effect=effect).values_list("delivered", flat=True))


def touch(effect):
    EffectCount.objects.filter(effect=effect).update(delivered=1)


def outcomes(name="test.flow"):
    return dict(FlowOutcome.objects.filter(flow=name).values_list("outcome", "count"))


def declare(body, **limits):
    """The body as a flow that counts how often it was tried."""

    @flow("test.flow", **limits)
    def run():
        run.tried += 1
        return body()

    run.tried = 0
    return run


class TestDeclaring:
    def test_it_is_found_by_name(self):
        declare(count)

        assert flows()["test.flow"].name == "test.flow"

    def test_a_name_is_used_once(self):
        declare(count)

        with pytest.raises(DuplicateName):
            declare(count)

    def test_arguments_are_named(self):
        with pytest.raises(TypeError, match="keyword-only"):

            @flow("test.positional")
            def positional(user): ...

    def test_its_time_outs_hold_inside_only(self):
        settings = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        read = lambda: [execute(f"SHOW {name}")[0][0] for name in settings]  # noqa: E731
        before = read()

        assert declare(read, lock_timeout=0.5, statement_timeout=7)() == ["500ms", "7s", "30s"]
        assert read() == before

    def test_the_project_sets_the_defaults(self, setting):
        setting(LOCK_TIMEOUT=1.5)

        assert declare(lambda: execute("SHOW lock_timeout"))() == [("1500ms",)]


class TestRunning:
    def test_it_returns_what_its_function_returns(self):
        assert declare(lambda: 42)() == 42

    def test_a_rule_that_refuses_undoes_all(self):
        def refuse():
            count("a")
            raise Refused

        with pytest.raises(Refused):
            declare(refuse)()

        assert counted() == 0

    def test_it_does_not_run_inside_another(self):
        inner = declare(lambda: count("inner"))

        @flow("test.outer")
        def outer():
            count("a")
            with pytest.raises(RuntimeError, match="@transaction_required"):
                inner()

        outer()

        assert (counted(), counted("inner"), inner.tried) == (1, 0, 0)
        assert outcomes() == {}

    def test_a_promise_broken_at_commit_is_an_error_not_a_doubt(self, deferred_check):
        run = declare(lambda: execute("INSERT INTO toy_child VALUES (1)"))

        with pytest.raises(IntegrityError):
            run()

        assert run.tried == 1

    def test_a_connection_closed_inside_is_not_reported_as_success(self):
        def close():
            count("a")
            connection.close()

        with pytest.raises(CommitNotConfirmed):
            declare(close)()

        assert counted() == 0


class TestRetrying:
    """Each kind of lost race, by a second connection that really wins it."""

    def test_after_a_serialization_failure_the_whole_runs_again(self):
        count("a")
        execute("SET default_transaction_isolation = 'repeatable read'")

        with rival() as other:

            def body():
                counted()
                if run.tried == 1:
                    other("UPDATE integrity_effectcount SET delivered = 10")
                count("a")

            run = declare(body)
            run()

        assert (run.tried, counted()) == (2, 11)

    def test_after_a_deadlock_the_victim_runs_again(self):
        count("a")
        count("b")
        both_hold_one = Barrier(2)

        def body(first, second):
            execute("SET LOCAL deadlock_timeout = '20ms'")
            touch(first)
            if run.tried <= 2:
                both_hold_one.wait(10)
            touch(second)

        @flow("test.crossing")
        def run(*, first, second):
            run.tried += 1
            body(first, second)

        run.tried = 0
        with in_threads() as start:
            calls = [start(run, first="a", second="b"), start(run, first="b", second="a")]

        assert [call.result() for call in calls] == [None, None]
        assert run.tried == 3

    def test_a_row_that_is_free_at_the_second_try_is_written(self):
        count("a")

        with rival() as other:
            other("BEGIN")
            other("UPDATE integrity_effectcount SET delivered = 10")

            def body():
                if run.tried == 2:
                    other("COMMIT")
                count("a")

            run = declare(body, lock_timeout=0.03)
            run()

        assert (run.tried, counted()) == (2, 11)

    def test_a_row_that_stays_locked_makes_it_busy(self):
        count("a")
        run = declare(lambda: count("a"), lock_timeout=0.03, attempts=2)

        with rival() as other:
            other("BEGIN")
            other("UPDATE integrity_effectcount SET delivered = 10")
            with pytest.raises(Busy):
                run()

        assert (run.tried, counted()) == (2, 1)

    def test_a_slow_statement_makes_it_busy_at_once(self):
        run = declare(lambda: execute("SELECT pg_sleep(5)"), statement_timeout=0.03)

        with pytest.raises(Busy):
            run()

        assert run.tried == 1

    def test_a_broken_rule_of_the_database_is_not_tried_again(self):
        run = declare(fail_a_statement)

        with pytest.raises(Exception, match="savepoint"):
            run()

        assert run.tried == 1


class TestRecording:
    @pytest.mark.parametrize(
        ("error", "outcome"),
        [
            (None, "committed"),
            (Refused, "refused"),
            (AlreadyDone, "already_done"),
            (KeyError, "failed"),
            (IntegrityError, "failed"),
        ],
    )
    def test_each_end_is_counted_also_of_what_was_rolled_back(self, error, outcome):
        def body():
            if error:
                raise error

        run = declare(body)
        for _ in range(2):
            with pytest.raises(error) if error else nullcontext():
                run()

        assert outcomes() == {outcome: 2}

    def test_giving_up_and_doubt_are_counted(self):
        with pytest.raises(Busy):
            declare(lambda: execute("SELECT pg_sleep(5)"), statement_timeout=0.03)()
        with pytest.raises(CommitNotConfirmed), at_commit(LOSE_ANSWER):
            flow("test.doubt")(lambda: count("a"))()

        assert outcomes() == {"busy": 1}
        assert outcomes("test.doubt") == {"unconfirmed": 1}

    def test_tries_and_time_outs_are_counted_with_the_end(self):
        with rival() as other, pytest.raises(Busy):
            other("BEGIN; LOCK TABLE integrity_effectcount")
            declare(lambda: touch("a"), lock_timeout=0.03)()
        with pytest.raises(Busy):
            flow("test.slow", statement_timeout=0.03)(lambda: execute("SELECT pg_sleep(5)"))()

        rows = FlowOutcome.objects.order_by("flow").values_list("flow", "retries", "timeouts")
        assert list(rows) == [("test.flow", 2, 3), ("test.slow", 0, 1)]

    def test_durations_add_up(self):
        run = declare(lambda: execute("SELECT pg_sleep(0.02)"))
        run()
        run()

        row = FlowOutcome.objects.get(flow="test.flow")
        assert row.seconds_total > row.seconds_max > 0.02

    def test_a_count_that_cannot_be_written_delays_and_fails_nothing(self, caplog):
        run = declare(lambda: count("a"))
        run()
        execute("SET lock_timeout = '5s'")

        with rival() as other:
            other("BEGIN")
            other("SELECT FROM integrity_flowoutcome FOR UPDATE")
            started = monotonic()
            run()
        assert monotonic() - started < 4
        assert (counted(), outcomes()) == (2, {"committed": 1})
        [record] = caplog.records  # without the database's words, which may quote a row
        assert (record.event, "timeout" in caplog.text) == ("flow.outcome_not_recorded", False)

    def test_recording_makes_no_commit_of_a_flow_less_durable(self):
        execute("SET synchronous_commit TO on")
        run = declare(lambda: execute("SHOW synchronous_commit"))

        assert [run(), run()] == [[("on",)]] * 2
        with transaction():
            assert execute("SHOW synchronous_commit") == [("on",)]
