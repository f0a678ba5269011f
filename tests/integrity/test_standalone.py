"""`integrity` in a project that has nothing of this site's: no Celery, no Unfold, no allauth."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "bare_project"


def admin(sql):
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture(scope="module")
def database(django_db_setup, django_db_blocker):
    """An empty one, beside that of the tests."""
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_{NAME}"
        admin(f'DROP DATABASE IF EXISTS "{name}"')
        admin(f'CREATE DATABASE "{name}"')
        yield name
        admin(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def run(database):
    """Run something in the bare project; with or without Django's own admin."""
    where = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
    where |= {"ENGINE": "django.db.backends.postgresql", "NAME": database}

    def run(*arguments, profile="settings"):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "BARE_DATABASE": json.dumps(where),
                "DJANGO_SETTINGS_MODULE": f"tests.bare.{profile}",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def django(*arguments):
    return ("-m", "django", *arguments)


def test_it_can_be_lived_with_from_migrate_to_retry(run):
    """One after the other, as a new project meets them: each needs the one before."""
    for step in (django("check"), django("migrate"), django("makemigrations", "--check")):
        ended = run(*step)
        assert (ended.returncode, ended.stderr) == (0, "")

    used = run("-m", "tests.bare.use_it")
    assert (used.returncode, used.stderr.count("outbox.effect_dead")) == (0, 1)
    assert used.stdout.splitlines() == [
        "done before",
        "Delivered(count=1, retried=0, dead=0)",
        "Delivered(count=0, retried=0, dead=1)",
    ]

    stats = run(*django("outbox", "stats", "--format", "json"))
    assert json.loads(stats.stdout)[0]["effect"] == "bare.note"

    checked = run(*django("integrity", "check", "--format", "json"))
    assert checked.returncode == 1
    results = {each["id"]: each["result"] for each in json.loads(checked.stdout)["invariants"]}
    assert results.pop("integrity.no_effect_is_dead") == "broken"
    assert set(results.values()) == {"holds"}
    assert {"bare.every_note_has_a_key", "integrity.every_trigger_is_as_promised"} <= set(results)

    found = run(*django("integrity", "findings", "--format", "json"))
    assert [each["invariant"] for each in json.loads(found.stdout)] == [
        "integrity.no_effect_is_dead"
    ]
    assert run(*django("integrity", "sweep")).returncode == 1

    migrated = run(*django("migrate", "-v0"), profile="admin_settings")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    visited = run("-m", "tests.bare.visit_admin", profile="admin_settings")
    assert (visited.returncode, visited.stdout) == (0, "retried\n"), visited.stderr
    mended = run("-m", "tests.bare.mend_in_admin", profile="admin_settings")
    assert (mended.returncode, mended.stdout.splitlines()[-1:]) == (0, ["undone"]), mended.stderr


def test_each_module_can_be_imported_but_the_one_for_celery(run):
    imported = run("-m", "tests.bare.import_everything", profile="admin_settings")

    assert imported.returncode == 0, imported.stderr
    assert {"integrity.flows", "integrity.drill.core"} <= set(imported.stdout.split())


def test_what_is_not_installed_there_really_cannot_be_imported(run):
    blocked = run("-c", "import django; django.setup(); import integrity.tasks")

    assert "celery is not installed" in blocked.stderr


def test_a_migration_goes_back_and_forth(run, database):
    assert run(*django("migrate", "-v0")).returncode == 0

    back = run(*django("migrate", "integrity", "zero"))
    assert (back.returncode, back.stderr) == (0, "")
    assert run(*django("migrate", "integrity")).returncode == 0
