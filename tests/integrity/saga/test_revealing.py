"""How things were before: shown to a person with a reason, in a shell as on the page."""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from integrity.audit import Actor
from integrity.models import AuditEntry
from integrity.saga.engine import run_due
from integrity.saga.revealing import is_revealed, prior_of, reveal
from tests.commands import manage as manage
from tests.integrity.saga.toys import begin, settle

pytestmark = pytest.mark.django_db(transaction=True)
GRACE = Actor("operator", "grace", "which was it?", via="admin")


@pytest.fixture
def waiting():
    saga = begin()
    run_due()
    return saga


def test_a_command_shows_it_and_is_audited(waiting, manage):
    ended = manage("saga", "reveal", waiting.uid, "--reason", "which?", "--format", "json")

    told = json.loads(ended.out)
    assert (ended.code, [each["step"] for each in told]) == (0, ["mute", "refund"])
    assert told[0]["values"] == {"muted": False}
    assert AuditEntry.objects.get().verb == "integrity.saga_reveal"


def test_of_one_that_has_ended_nothing_is_kept(waiting, manage):
    settle()

    ended = manage("saga", "reveal", waiting.uid, "--reason", "which?")

    assert (ended.code, "Nothing is kept" in ended.err) == (4, True)
    assert not AuditEntry.objects.exists()


def test_it_is_open_to_who_asked_for_ten_minutes(waiting, monkeypatch):
    reveal(saga=waiting.uid, by=GRACE)

    assert is_revealed(waiting, to="grace")
    assert not is_revealed(waiting, to="ada")
    monkeypatch.setattr("integrity.saga.revealing.Now", lambda: timezone.now() + timedelta(hours=1))
    assert not is_revealed(waiting, to="grace")


def test_what_no_key_opens_is_said_of_each_step(waiting, setting):
    setting(SEAL_KEYS=[Fernet.generate_key().decode()])

    assert ["SEAL_KEYS" in each.why_not for each in prior_of(waiting)] == [True, True]
