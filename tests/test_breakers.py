"""Every invariant of the site is broken on purpose: found, mended, clean, undone where lawful."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import connection

from integrity.invariants import invariants
from integrity.repair import repairs
from integrity.selftest.breaking import breakers, find_breakers

BASE = Path(__file__).resolve().parents[1]


@pytest.fixture
def database_url():
    known = connection.settings_dict
    who = f"{known['USER']}:{known['PASSWORD']}@" if known["PASSWORD"] else f"{known['USER']}@"
    if known["HOST"].startswith("/"):
        place = urlencode({"host": known["HOST"], "port": known["PORT"] or "5432"})
        return f"postgres://{who}/{known['NAME']}?{place}"
    port = f":{known['PORT']}" if known["PORT"] else ""
    return f"postgres://{who}{known['HOST']}{port}/{known['NAME']}"


def test_every_invariant_has_a_breaker_and_every_breaker_an_invariant():
    find_breakers()
    ours = {name for name in invariants.names() if not name.startswith("toy.")}

    assert set(breakers.names()) == ours


@pytest.mark.django_db
def test_every_invariant_and_every_repair_does_what_it_says(database_url):
    ended = subprocess.run(
        [sys.executable, "manage.py", "integrity", "selftest", "--format", "json"],
        cwd=BASE,
        env={**os.environ, "DATABASE_URL": database_url, "DEBUG": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    examined = json.loads(ended.stdout) if ended.stdout else []

    problems = [each for each in examined if each["problems"]]
    assert (ended.returncode, problems) == (0, []), ended.stderr
    assert {each["repair"] for each in examined} - {None} == set(repairs.names())
