import json

import pytest
from django.core.checks import Error, register, registry
from django.db import connection

from integrity.invariants import Severity
from integrity.models import EffectCount
from tests.database import execute
from tests.integrity.test_evaluate import ROWS, declare, every_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broken_row():
    execute(ROWS, 1)
    return str(EffectCount.objects.get().pk)


class TestList:
    def test_each_promise_stands_there_with_its_severity(self, manage):
        declare("right", severity=Severity.CRITICAL)

        ended = manage("integrity", "list", "test")

        assert (ended.code, ended.err) == (0, "")
        assert ended.out.splitlines() == [
            "ID          SEVERITY  LAST RESULT  REPAIR  OWNER  STATEMENT",
            "test.right  critical  -            -       -      It is right.",
        ]

    def test_as_json(self, manage):
        declare("right")

        assert json.loads(manage("integrity", "list", "test", "--format", "json").out) == [
            {
                "id": "test.right",
                "severity": "error",
                "last_result": None,
                "repair": None,
                "owner": None,
                "statement": "It is right.",
            }
        ]


class TestExitCodes:
    def test_0_when_all_holds(self, manage):
        declare("right")

        assert manage("integrity", "check", "test").code == 0

    @pytest.mark.parametrize(
        ("severity", "fail_on", "code"),
        [
            (Severity.ERROR, [], 1),
            (Severity.WARNING, [], 0),
            (Severity.WARNING, ["--fail-on", "warning"], 1),
            (Severity.ERROR, ["--fail-on", "critical"], 0),
        ],
    )
    def test_1_when_it_is_bad_enough(self, manage, broken_row, severity, fail_on, code):
        declare("wrong", every_row, severity)

        assert manage("integrity", "check", "test", *fail_on).code == code

    @pytest.mark.parametrize(
        "arguments",
        [
            ["check", "test.wrnog"],
            ["chekc"],
            [],
            ["check", "--fail-on", "bad"],
            ["check", "--nonsense"],
            # PostgreSQL would take the last one as "no limit".
            *(["check", "--timeout", seconds] for seconds in ("nan", "inf", "-1", "0.0001")),
        ],
    )
    def test_2_for_a_wrong_call(self, manage, arguments):
        declare("wrong")

        ended = manage("integrity", *arguments)

        assert (ended.code, ended.out) == (2, "")
        assert ended.err

    def test_3_when_nobody_can_tell(self, manage):
        declare("unknown", lambda: 1 / 0, Severity.INFO)

        assert manage("integrity", "check", "test").code == 3

    def test_broken_beats_unknown(self, manage, broken_row):
        declare("unknown", lambda: 1 / 0)
        declare("wrong", every_row)

        assert manage("integrity", "check", "test").code == 1

    def test_3_without_a_database(self, manage, monkeypatch):
        declare("right")
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "PORT", 1)

        ended = manage("integrity", "check", "test")

        assert (ended.code, ended.out) == (3, "")
        assert "The database did not answer" in ended.err

    def test_3_without_a_database_where_nothing_is_recorded(self, manage, monkeypatch):
        declare("right")
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "PORT", 1)

        ended = manage("integrity", "check", "test", "--no-record")

        assert ended.code == 3
        assert "UNKNOWN" in ended.out

    def test_3_when_the_project_itself_is_in_disorder(self, manage, monkeypatch):
        monkeypatch.setattr(registry.registry, "registered_checks", set())
        register(lambda **kwargs: [Error("No.")], "test")
        declare("right")

        ended = manage("integrity", "check", "test")

        assert (ended.code, ended.out) == (3, "")


class TestOutput:
    def test_a_table_and_a_verdict_and_nothing_else(self, manage, broken_row):
        declare("right")
        declare("unknown", lambda: 1 / 0)
        declare("wrong", every_row)

        ended = manage("integrity", "check", "test")
        heading, *rows, verdict = ended.out.splitlines()

        assert heading.split() == [
            "INVARIANT",
            "SEVERITY",
            "RESULT",
            "COUNT",
            "SUSPECTED",
            "NEW",
            "ROWS",
            "TIME",
            "REASON",
        ]
        assert [row.split()[:7] for row in rows] == [
            ["test.right", "error", "holds", "0", "-", "0", "1"],
            ["test.unknown", "error", "UNKNOWN", "-", "-", "-", "-"],
            ["test.wrong", "error", "BROKEN", "1", "-", "1", "1"],
        ]
        assert verdict.startswith("1 holds, 1 broken, 1 unknown in ")
        assert verdict.endswith(": critical")
        assert f"test.wrong: {broken_row}\n" in ended.err
        assert "what to do: manage.py integrity runbook test.wrong\nrun " in ended.err

    def test_json_is_one_document(self, manage, broken_row):
        declare("unknown", lambda: 1 / 0)
        declare("wrong", every_row, Severity.CRITICAL)

        ended = manage("integrity", "check", "test", "--format", "json")
        document = json.loads(ended.out)

        assert ended.err == ""
        assert (document["schema_version"], document["status"]) == (1, "critical")
        unknown, wrong = document["invariants"]
        assert wrong.pop("seconds") >= 0
        assert wrong == {
            "id": "test.wrong",
            "severity": "critical",
            "result": "broken",
            "count": 1,
            "suspected": 0,
            "stored": 1,
            "new": 1,
            "regressed": 0,
            "gone": 0,
            "rows": 1,
            "reason": None,
            "repair": None,
            "keys": [broken_row],
        }
        assert (unknown["result"], unknown["count"]) == ("unknown", None)
        assert unknown["reason"] == "division by zero"

    def test_a_time_limit_is_passed_on(self, manage, broken_row):
        slow = EffectCount.objects.extra(where=["pg_sleep(5) IS NOT NULL"])
        declare("slow", lambda: slow)

        ended = manage("integrity", "check", "test", "--timeout", "0.05")

        assert ended.code == 3
        assert "statement timeout" in ended.out
