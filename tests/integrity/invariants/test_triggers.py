"""A trigger that is off, gone, weaker or changed is found, whoever did it and however often migrate
runs; what a migration itself changes is the new promise."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from integrity.evaluate import evaluate
from integrity.models import PromisedTrigger
from integrity.trigger_promises import look_before, promise_what_changed
from tests.database import execute

pytestmark = pytest.mark.django_db(transaction=True)
INTEGRITY = apps.get_app_config("integrity")
INSTALL = """
CREATE FUNCTION toy_guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER toy_guards AFTER INSERT ON toy_book FOR EACH ROW EXECUTE FUNCTION toy_guard();
"""
CHANGE = """
CREATE OR REPLACE FUNCTION toy_guard() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NEW; END'
"""


class Migrating:
    """What `migrate` does to the promises when its migrations do this."""

    def __init__(self, *statements):
        look_before(sender=INTEGRITY, using="default")
        for sql in statements:
            execute(sql)
        promise_what_changed(sender=INTEGRITY, using="default")


@pytest.fixture
def guard():
    Migrating(INSTALL)
    yield
    execute("DROP FUNCTION IF EXISTS toy_guard CASCADE")


def actual():
    found = evaluate(["integrity.every_trigger_is_as_promised"]).results[0]
    return {each.evidence["actual"].split(" to ")[0] for each in found.violations}


def test_migrate_has_promised_every_trigger_of_the_project():
    assert PromisedTrigger.objects.filter(name="integrity_audit_keeps_rows", enabled="A").exists()
    assert actual() == set()


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("ALTER TABLE toy_book DISABLE TRIGGER toy_guards", "switched off"),
        ("ALTER TABLE toy_book ENABLE REPLICA TRIGGER toy_guards", "weakened"),
        ("DROP TRIGGER toy_guards ON toy_book", "missing"),
        ("DROP FUNCTION toy_guard CASCADE", "missing"),
        (CHANGE, "changed"),
        (
            "DROP TRIGGER toy_guards ON toy_book; CREATE TRIGGER toy_guards BEFORE INSERT"
            " ON toy_book FOR EACH ROW EXECUTE FUNCTION toy_guard()",
            "changed",
        ),
        ("ALTER FUNCTION toy_guard() SECURITY DEFINER", "changed"),
    ],
)
def test_what_was_done_by_hand_is_found_and_no_migrate_blesses_it(guard, sql, state):
    execute(sql)
    assert actual() == {state}
    Migrating()
    call_command("migrate", verbosity=0)
    assert actual() == {state}


def test_a_stronger_trigger_is_fine(guard):
    execute("ALTER TABLE toy_book ENABLE ALWAYS TRIGGER toy_guards")
    assert actual() == set()


def test_what_a_migration_changes_is_the_new_promise(guard):
    Migrating(CHANGE)
    assert actual() == set()
    Migrating("DROP TRIGGER toy_guards ON toy_book")
    assert actual() == set()
    assert not PromisedTrigger.objects.filter(name="toy_guards").exists()


def test_a_migration_elsewhere_blesses_nothing(guard):
    execute("ALTER TABLE toy_book DISABLE TRIGGER toy_guards")
    Migrating(
        "CREATE TRIGGER toy_other AFTER INSERT ON toy_author FOR EACH ROW"
        " EXECUTE FUNCTION toy_guard()"
    )
    assert actual() == {"switched off"}


def test_it_keeps_what_it_takes_to_install_it_again(guard):
    promised = PromisedTrigger.objects.get(name="toy_guards")
    execute("DROP FUNCTION toy_guard CASCADE")
    execute(promised.function)
    execute(promised.definition)
    assert actual() == set()


def test_another_database_is_left_alone():
    before = PromisedTrigger.objects.count()
    PromisedTrigger.objects.filter(name="integrity_audit_keeps_rows").delete()
    look_before(sender=INTEGRITY, using="replica")
    promise_what_changed(sender=INTEGRITY, using="replica")
    assert PromisedTrigger.objects.count() == before - 1
    assert connection.alias == "default"
