"""What the site needs at its start, and what it leaves to those who use it."""

import subprocess
import sys

START = """
import sys
for name in ("werkzeug", "openapi_schema_validator", "schemathesis"):
    sys.modules[name] = None  # as if it were not installed
import django
from django.core.management import call_command
django.setup()
call_command("check")
import accounts.clients.contacts, accounts.clients.identity, accounts.clients.mail
import accounts.clients.payments
print([name for name in ("stripe", "httpx", "requests") if name in sys.modules])
"""


def test_the_stand_ins_are_no_part_of_the_site_and_the_vendors_libraries_wait_for_a_call(
    monkeypatch,
):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings")
    monkeypatch.setenv("DEBUG", "true")

    done = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
