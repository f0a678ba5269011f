"""A project of somebody else's: its own environment with the wheel, its own database."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

BASE = Path(__file__).resolve().parents[2]
NAME = "portable_project"
# Nothing of ours, and no settings of this site.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
SETTINGS = """
import json, os
DATABASES = {"default": json.loads(os.environ["PORTABLE_DATABASE"])}
INSTALLED_APPS += ["library"]
ALLOWED_HOSTS = ["testserver"]
"""


def run(*command, cwd, env=None):
    surroundings = {key: os.environ[key] for key in KEPT if key in os.environ}
    pip = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**surroundings, **pip, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def must(*command, cwd, env=None):
    ended = run(*command, cwd=cwd, env=env)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended


def copy_of_the_checkout(place):
    """What is tracked or new, so that a build of yesterday isn't packed again."""
    listing = must("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=BASE).stdout
    for name in filter(None, listing.split("\0")):
        if (BASE / name).is_symlink() or (BASE / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BASE / name, place / name, follow_symlinks=False)
    return place


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The checkout as it is now."""
    return copy_of_the_checkout(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def python(source, tmp_path_factory):
    """An interpreter with what the lock names, and `integrity` from its wheel."""
    place = tmp_path_factory.mktemp("environment")
    must(sys.executable, "-m", "venv", place / "venv", cwd=place)
    python = place / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "--quiet"]
    lock = BASE / "requirements-wheel.txt"
    must(*pip, "install", "--require-hashes", "--requirement", lock, cwd=place)
    must(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", place, source, cwd=place)
    (wheel,) = place.glob("*.whl")
    must(*pip, "install", "--no-deps", "--no-index", wheel, cwd=place)
    return python


@pytest.fixture(scope="session")
def database(django_db_setup, django_db_blocker):
    """An empty one, beside that of the tests."""
    name = f"{connection.settings_dict['NAME']}_{NAME}"
    where = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield {"ENGINE": "django.db.backends.postgresql", "NAME": name, **where}
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class Project:
    """A new Django project with one empty app."""

    def __init__(self, python, place, database):
        self.place = place
        self._python = python
        self._env = {"PORTABLE_DATABASE": json.dumps(database)}
        must(python, "-m", "django", "startproject", "desk", place, cwd=place)
        must(python, "manage.py", "startapp", "library", cwd=place)
        self.add("settings.py", SETTINGS)

    def add(self, name, text):
        """Write a file, or more of it."""
        path = self.place / ("desk" if name == "settings.py" else "") / name
        before = path.read_text() if path.exists() and name != "library/models.py" else ""
        path.write_text(f"{before}\n{text}")

    def run(self, *words):
        return run(self._python, *words, cwd=self.place, env=self._env)


@pytest.fixture(scope="session")
def project(python, database, tmp_path_factory):
    return Project(python, tmp_path_factory.mktemp("project"), database)


def blocks(markdown):
    """The language and the text of each block of code."""
    return re.findall(r"^```(\w+)\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
