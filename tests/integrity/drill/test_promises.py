"""The one statement that the drill asks says the same as the check."""

import pytest
from django.db import connection

from integrity.drill.promises import broken_invariants, prepare
from integrity.evaluate import evaluate
from integrity.invariants.custom import Custom
from integrity.invariants.declare import invariants
from integrity.models import OutboxMessage
from tests.database import execute
from tests.integrity.drill import toys

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def promise(monkeypatch):
    """Declare one for this test."""
    entries = dict(invariants._entries)
    monkeypatch.setattr(invariants, "_entries", entries)

    def declare(violations):
        entries["toy.holds"] = Custom("toy.holds", query=violations)
        prepare()

    yield declare
    prepare()


def test_nothing_is_broken_in_an_empty_database():
    assert broken_invariants() == []


def test_it_names_what_the_check_finds_broken():
    toys.run(
        "INSERT INTO integrity_outboxmessage (effect, key, ordering_key, payload, state, dead_at,"
        " last_error) VALUES ('toy', '', '', '{}', 'dead', now(), '')"
    )

    assert broken_invariants() == ["integrity.no_effect_is_dead"]
    assert [each.invariant.name for each in evaluate().having("broken")] == broken_invariants()


def test_what_cannot_be_asked_does_not_hold(promise):
    promise(lambda: OutboxMessage.objects.extra(where=["no_such_column = 1"]))

    assert broken_invariants() == ["toy.holds"]


def test_a_query_that_cannot_have_rows_holds(promise):
    promise(OutboxMessage.objects.none)

    assert broken_invariants() == []


def test_a_session_that_asks_again_has_planned_it_already():
    connection.close()
    broken_invariants()
    broken_invariants()
    OutboxMessage.objects.count()

    planned = execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
    assert [(text[:6], asked) for text, asked in planned] == [("SELECT", 2)]
