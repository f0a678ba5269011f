"""Every migration goes back, and forward again to the same schema."""

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.database import execute

pytestmark = pytest.mark.django_db

SCHEMA = """
SELECT 'column', attrelid::regclass::text, attname, format_type(atttypid, atttypmod),
    attnotnull::text, pg_get_expr(adbin, adrelid)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled::text, ''
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', proname, pg_get_functiondef(oid), proacl::text, '', ''
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def schema() -> set[tuple[str, ...]]:
    return set(execute(SCHEMA))


def migrate(*targets: tuple[str, str | None]) -> None:
    """Inside the test's transaction, so that nothing of it stays."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())


def ours(found: set[tuple[str, ...]]) -> list[tuple[str, ...]]:
    tables = {model._meta.db_table for model in MODELS if not model._meta.proxy}
    return [each for each in found if each[1] in tables] + triggers(found)


def triggers(found: set[tuple[str, ...]]) -> list[tuple[str, ...]]:
    names = {each.get_pgid(model) for model, each in pgtrigger.registered() if model in MODELS}
    return [each for each in found if names & set(each)]


MODELS = list(apps.get_app_config("accounts").get_models())


def test_all_of_it_goes_the_triggers_first_and_comes_back_the_same():
    before = schema()
    assert ours(before)
    assert triggers(before)

    migrate(("accounts", "0001_initial"))
    assert not triggers(schema())

    migrate(("accounts", None))
    assert not ours(schema())

    migrate()
    assert schema() == before
