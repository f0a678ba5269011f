"""Signs of life, by a process or by the command that cron runs in its place."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.heartbeats import RELAY, SCHEDULER, WORKER, beat, is_silent, stand_in
from integrity.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silent():
    """All that are expected, and none of them for an hour."""
    Heartbeat.objects.all().delete()
    for name in (SCHEDULER, WORKER, RELAY):
        beat(name)
    Heartbeat.objects.update(at=Now() - timedelta(hours=1))


def test_who_was_never_expected_is_not_silent(silent):
    Heartbeat.objects.all().delete()
    assert not is_silent(RELAY)
    stand_in(RELAY)
    assert not Heartbeat.objects.exists(), "one run by hand is no promise to go on"


def test_a_sign_of_life_ends_the_silence(silent):
    assert is_silent(WORKER)
    beat(WORKER)
    assert not is_silent(WORKER)


@pytest.mark.parametrize(
    ("command", "alive"),
    [
        (("outbox", "relay"), {RELAY}),
        (("integrity", "queued"), {SCHEDULER, WORKER}),
        (("integrity", "watch"), set()),
    ],
)
def test_a_command_of_cron_lives_for_those_whose_work_it_does(silent, manage, command, alive):
    """Not the watch: it is there to miss them."""
    manage(*command)
    assert {name for name in (SCHEDULER, WORKER, RELAY) if not is_silent(name)} == alive
