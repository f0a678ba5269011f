from datetime import date

import pytest
from django.db import (
    DEFAULT_DB_ALIAS,
    Error,
    IntegrityError,
    OperationalError,
    connection,
    connections,
)
from django.db.transaction import TransactionManagementError, atomic, on_commit

from integrity.drill.boundaries import BEFORE, COMMIT, watch
from integrity.drill.faults import FAULTS
from integrity.models import EffectCount
from integrity.transactions import (
    CommitNotConfirmed,
    TransactionRequired,
    savepoint,
    snapshot,
    transaction,
    transaction_required,
    wake_after_commit,
)
from tests.database import execute

pytestmark = pytest.mark.django_db(transaction=True)


def write(effect="a"):
    EffectCount.objects.create(effect=effect, day=date(2026, 1, 1), delivered=1)


def written():
    """What is saved, as a new connection sees it."""
    connection.close()
    return list(EffectCount.objects.order_by("effect").values_list("effect", flat=True))


def fail_a_statement():
    with pytest.raises(Error):
        execute("SELECT 1 / 0")


def at_commit(strike):
    """Strike once, when COMMIT is due."""
    struck = []

    def visit(label, when):
        if (label, when) == (COMMIT, BEFORE) and not struck:
            struck.append(label)
            strike(connections[DEFAULT_DB_ALIAS])

    return watch(visit)


LOSE_ANSWER = FAULTS["commit_lost"].strike
END_SESSION = FAULTS["terminate"].strike


class TestTransaction:
    def test_what_it_wrote_is_saved(self):
        with transaction():
            write()

        assert written() == ["a"]

    def test_an_error_of_the_body_undoes_it_and_stays_itself(self):
        with pytest.raises(LookupError), transaction():
            write()
            raise LookupError

        assert written() == []

    def test_a_connection_closed_inside_is_not_taken_for_a_commit(self):
        with pytest.raises(CommitNotConfirmed), transaction():
            write()
            connection.close()

        assert written() == []

    def test_plain_atomic_returns_normally_when_the_connection_was_closed(self):
        with atomic():
            write()
            connection.close()

        assert written() == []

    def test_a_swallowed_error_is_not_taken_for_a_commit(self):
        with pytest.raises(TransactionManagementError, match="savepoint"), transaction():
            write()
            fail_a_statement()

        assert written() == []

    def test_plain_atomic_returns_normally_when_an_error_was_swallowed(self):
        with atomic():
            write()
            fail_a_statement()

        assert written() == []

    def test_a_lost_answer_to_commit_leaves_it_open_whether_it_is_saved(self):
        with pytest.raises(CommitNotConfirmed), at_commit(LOSE_ANSWER), transaction():
            write()

        assert written() == ["a"]

    def test_so_does_a_session_that_ends_before_commit(self):
        with pytest.raises(CommitNotConfirmed), at_commit(END_SESSION), transaction():
            write()

        assert written() == []

    def test_a_promise_broken_at_commit_is_known_to_be_refused(self, deferred_check):
        with pytest.raises(IntegrityError), transaction():
            write()
            execute("INSERT INTO toy_child VALUES (1)")

        assert written() == []

    def test_it_does_not_nest(self):
        with pytest.raises(RuntimeError, match="durable"), transaction(), transaction():
            pass

    def test_a_failing_hook_of_somebody_else_does_not_unsave_it(self, caplog):
        with transaction():
            write()
            on_commit(lambda: 1 / 0)

        assert written() == ["a"]
        assert [record.event for record in caplog.records] == ["transaction.hook_failed"]


class TestSavepoint:
    def test_what_fails_in_it_leaves_the_rest(self):
        with transaction():
            write("kept")
            with pytest.raises(IntegrityError), savepoint():
                write("lost")
                write("lost")

        assert written() == ["kept"]

    def test_it_needs_a_transaction(self):
        with pytest.raises(TransactionRequired):
            savepoint()


class TestTransactionRequired:
    def test_a_part_is_refused_alone(self):
        with pytest.raises(TransactionRequired):
            transaction_required(write)()

        assert written() == []

    def test_a_part_runs_in_a_whole(self):
        with transaction():
            transaction_required(write)()

        assert written() == ["a"]


class TestSnapshot:
    def test_it_refuses_to_write(self):
        with pytest.raises(Error, match="read-only"), snapshot(statement_timeout=5):
            write()

    def test_a_statement_that_takes_too_long_is_cancelled(self):
        with pytest.raises(OperationalError, match="timeout"), snapshot(statement_timeout=0.02):
            execute("SELECT pg_sleep(5)")

    def test_its_settings_end_with_it(self):
        before = execute("SHOW enable_hashjoin"), execute("SHOW statement_timeout")

        with snapshot(statement_timeout=5):
            assert execute("SHOW enable_hashjoin") == [("off",)]

        assert (execute("SHOW enable_hashjoin"), execute("SHOW statement_timeout")) == before


class TestWakeAfterCommit:
    def test_it_calls_once_however_often_asked(self):
        calls = []
        hook = lambda: calls.append(connection.in_atomic_block)  # noqa: E731

        with transaction():
            wake_after_commit(hook)
            wake_after_commit(hook)

        assert calls == [False]

    def test_nothing_is_woken_by_what_was_undone(self):
        calls = []

        with pytest.raises(LookupError), transaction():
            wake_after_commit(lambda: calls.append(1))
            raise LookupError

        assert calls == []
