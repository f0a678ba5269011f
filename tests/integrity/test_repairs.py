"""The machinery's own repairs: a promised trigger is switched on, or installed again."""

import pytest

from integrity.evaluate import evaluate
from integrity.models import PlannedChange
from integrity.repair.apply import undo
from integrity.repair.errors import Refused
from tests.database import execute
from tests.integrity.repair.conftest import ADA, mended

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "integrity.every_trigger_is_as_promised"


@pytest.fixture
def trigger():
    """One that a migration installed; as it was, after the test."""
    found = execute(
        "SELECT tgname, pg_get_triggerdef(oid), tgenabled::text, pg_get_functiondef(tgfoid)"
        " FROM pg_trigger WHERE tgname LIKE 'pgtrigger_profile_follows_user%%'"
    )[0]
    yield found
    name, definition, enabled, function = found
    execute(f"DROP TRIGGER IF EXISTS {name} ON accounts_user")
    execute(function.replace("%", "%%"))  # as the text of a query that has no parameters
    execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")
    execute(definition)
    assert enabled == "O"


def now(name):
    return execute(
        "SELECT tgname, pg_get_triggerdef(oid), tgenabled::text, pg_get_functiondef(tgfoid)"
        " FROM pg_trigger WHERE tgname = %s",
        name,
    )


def result():
    return evaluate([NAME]).results[0].result


@pytest.mark.parametrize(
    "harm",
    [
        "ALTER TABLE accounts_user DISABLE TRIGGER {name}",
        "DROP TRIGGER {name} ON accounts_user",
        "DROP FUNCTION {name} CASCADE",
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_a_trigger_that_was_harmed_is_as_it_was(trigger, harm):
    name = trigger[0]
    execute(harm.format(name=name))
    assert result() == "broken"

    plan = mended("integrity.reinstall_triggers")

    assert (plan.state, plan.applied, plan.verdict) == ("applied", 1, "holds")
    assert now(name) == [trigger]


def test_the_plan_says_what_was_found_and_that_it_can_not_be_undone(trigger):
    execute(f"ALTER TABLE accounts_user DISABLE TRIGGER {trigger[0]}")

    plan = mended("integrity.reinstall_triggers")

    change = PlannedChange.objects.get()
    assert change.before["state"] == "switched off"
    assert plan.irreversible
    with pytest.raises(Refused, match="irreversible"):
        undo(plan=plan.uid, by=ADA)
