from datetime import date

import pytest
from django.db import connection

from integrity.drill.faults import terminate_backend
from integrity.evaluate import evaluate, select
from integrity.invariants import Severity, invariant
from integrity.invariants.violations import STORED
from integrity.models import EffectCount, Operation
from integrity.registry import UnknownName
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from tests.database import execute
from tests.rivals import rival

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = """
INSERT INTO integrity_effectcount (effect, day, delivered)
SELECT 'effect', date '2000-01-01' + n, n FROM generate_series(1, %s) AS n
"""


def no_row():
    return EffectCount.objects.filter(delivered__lt=0)


def every_row():
    return EffectCount.objects.all()


def declare(name, violations=no_row, severity=Severity.ERROR):
    invariant(f"test.{name}", statement=f"It is {name}.", severity=severity)(violations)


def results(*names):
    return {each.invariant.name: each for each in evaluate(names or ["test"]).results}


class TestAResult:
    def test_no_violating_row_holds(self):
        execute(ROWS, 3)
        declare("right")

        result = results()["test.right"]

        assert (result.result, result.count, result.keys, result.rows) == ("holds", 0, [], 3)
        assert result.reason is None
        assert result.seconds > 0

    def test_violating_rows_are_counted_and_named_in_order(self):
        execute(ROWS, 3)
        declare("wrong", lambda: EffectCount.objects.filter(delivered__gt=1).order_by("-pk"))
        expected = list(
            EffectCount.objects.filter(delivered__gt=1).order_by("pk").values_list("pk", flat=True)
        )

        result = results()["test.wrong"]

        assert (result.result, result.count, result.rows) == ("broken", 2, 3)
        assert result.keys == [str(pk) for pk in expected]

    @pytest.mark.parametrize("beyond", [0, 5])
    def test_the_count_is_exact_where_the_keys_are_capped(self, beyond):
        execute(ROWS, STORED + beyond)
        declare("wrong", every_row)

        result = results()["test.wrong"]

        assert result.count == STORED + beyond
        assert len(result.keys) == STORED


class TestUnknown:
    """Whatever keeps a check from proving something: never green, and it hides no other result."""

    def reason(self, violations, **options):
        declare("a_holds")
        declare("b_unknown", violations)
        declare("c_holds")
        report = evaluate(["test"], **options)
        assert [each.result for each in report.results] == ["holds", "unknown", "holds"]
        assert report.results[1].count is None
        return report.results[1].reason

    def test_a_query_that_takes_too_long(self):
        slow = EffectCount.objects.extra(where=["pg_sleep(5) IS NOT NULL"])
        execute(ROWS, 1)

        assert "statement timeout" in self.reason(lambda: slow, timeout=0.05)

    def test_a_check_that_writes(self):
        def write():
            EffectCount.objects.create(effect="a", day=date(2026, 1, 1), delivered=1)

        assert "read-only" in self.reason(write)
        assert not EffectCount.objects.exists()

    def test_a_table_that_is_not_there(self, deferred_check):
        execute("ALTER TABLE integrity_operation RENAME TO hidden")
        try:
            assert "integrity_operation" in self.reason(Operation.objects.all)
        finally:
            execute("ALTER TABLE hidden RENAME TO integrity_operation")

    @pytest.mark.parametrize("mistake", [lambda: 1 / 0, lambda: EffectCount.objects.filter(no=1)])
    def test_a_mistake_in_the_declaration(self, mistake):
        assert self.reason(mistake)

    def test_a_reason_is_one_line(self):
        def fail():
            raise ValueError("what it was\nFailing row contains (ada@example.com)")

        assert self.reason(fail) == "what it was"

    def test_a_connection_that_is_lost_takes_what_comes_later_with_it(self):
        def cut():
            terminate_backend(connection.connection.info.backend_pid)
            return every_row()

        declare("a_holds")
        declare("b_cut", cut)
        declare("c_after")

        assert [each.result for each in results().values()] == ["holds", "unknown", "unknown"]
        assert [each.result for each in results("test.c_after").values()] == ["holds"]

    def test_no_connection_is_no_proof(self, settings):
        declare("right")
        connection.close()
        port = connection.settings_dict["PORT"]
        connection.settings_dict["PORT"] = 1
        try:
            report = evaluate(["test"])
        finally:
            connection.settings_dict["PORT"] = port

        assert [each.result for each in report.results] == ["unknown"]
        assert report.status == "degraded"


class TestOneInstant:
    def test_what_others_commit_meanwhile_is_not_seen(self):
        with rival() as other:

            def first():
                found = EffectCount.objects.count()
                other(ROWS, 3)
                return EffectCount.objects.filter(delivered=found)

            declare("a_first", first)
            declare("b_second", every_row)

            assert [each.count for each in results().values()] == [0, 0]

        assert results("test.b_second")["test.b_second"].count == 3

    def test_it_does_not_join_a_transaction_that_is_open(self):
        with pytest.raises(RuntimeError), transaction():
            evaluate()


class TestTheReport:
    @pytest.mark.parametrize(
        ("severity", "status"),
        [
            (Severity.INFO, "healthy"),
            (Severity.WARNING, "degraded"),
            (Severity.ERROR, "critical"),
            (Severity.CRITICAL, "critical"),
        ],
    )
    def test_its_status_is_that_of_the_worst(self, severity, status):
        execute(ROWS, 1)
        declare("right", severity=Severity.CRITICAL)
        declare("wrong", every_row, severity=severity)

        assert evaluate(["test"]).status == status

    def test_nothing_broken_is_healthy(self):
        declare("right")

        assert evaluate(["test"]).status == "healthy"

    def test_unknown_is_degraded(self):
        declare("unknown", lambda: 1 / 0, severity=Severity.INFO)

        assert evaluate(["test"]).status == "degraded"


class TestSelecting:
    def test_no_name_is_all(self):
        declare("right")

        assert {"test.right", "integrity.no_effect_is_dead"} <= {each.name for each in select(())}

    def test_an_app_or_an_id_may_be_named_and_each_comes_once(self):
        declare("a")
        declare("b")

        assert [each.name for each in select(["test.b", "test"])] == ["test.b", "test.a"]

    def test_an_unknown_name_is_refused(self):
        declare("right")

        with pytest.raises(UnknownName, match=r"Did you mean 'test.right'"):
            select(["test.rigth"])


class TestForTests:
    def test_what_is_broken_is_listed(self):
        execute(ROWS, 1)
        declare("wrong", every_row)
        declare("unknown", lambda: 1 / 0)

        with pytest.raises(AssertionError) as failed:
            assert_every_invariant_holds("test")

        assert "test.wrong is broken: ['" in str(failed.value)
        assert "test.unknown is unknown: division by zero" in str(failed.value)

    def test_what_is_for_information_may_be_broken(self):
        execute(ROWS, 1)
        declare("noted", every_row, Severity.INFO)

        assert_every_invariant_holds("test")

    def test_a_fresh_database_holds(self):
        assert_every_invariant_holds()
