"""A worker freezes between its last look at its lease and its call, for as long as others need to
take over. What it sends then lands late; what it would write is void."""

import pytest

from accounts.actors import acting
from accounts.leaving.deletion import stay
from integrity.models import Saga
from tests.accounts.leaving.story import begin, known_everywhere
from tests.rivals import wait_until
from tests.storm.frozen import Frozen, order
from tests.storm.oracle import troubles
from tests.storm.weather import drain

pytestmark = pytest.mark.django_db(transaction=True)


def at_rest(saga, bell):
    """All is taken back; it waits until no call can be under way."""
    undone = Saga.objects.filter(pk=saga.pk, position=-1, wait="timer")
    wait_until(lambda: bell.ring() or undone.exists())


def late_mute(vendors, office, bell):
    """She stays after all, and all is taken back; then the call lands. Returns what is wrong."""
    ada = known_everywhere(vendors)
    order(office.folder, "mute_contact").touch()
    saga = begin(ada)
    frozen = Frozen.at(saga, office.folder, bell.ring)
    stay(deletion=saga.uid, by=acting(ada.user))
    frozen.wait_for_another(saga, bell.ring)
    at_rest(saga, bell)
    muted = len(vendors.resend.effects("contact.updated"))
    frozen.thaw()
    wait_until(lambda: len(vendors.resend.effects("contact.updated")) > muted)
    drain(bell)
    return troubles(ada, vendors)


def late_removal(vendors, office, bell):
    """The others have removed everything; then the call finds nothing."""
    eve = known_everywhere(vendors, "eve@example.com")
    order(office.folder, "delete_contact").touch()
    saga = begin(eve)
    frozen = Frozen.at(saga, office.folder, bell.ring)
    frozen.wait_for_another(saga, bell.ring)
    wait_until(lambda: bell.ring() or Saga.objects.filter(pk=saga.pk, wait="timer").exists())
    asked = removals(vendors)
    frozen.thaw()
    wait_until(lambda: removals(vendors) > asked)
    drain(bell)
    return troubles(eve, vendors)


def removals(vendors):
    return [call.method for call in vendors.resend.calls].count("DELETE")


def test_a_worker_that_was_frozen_in_a_step_does_no_harm(offices, vendors):
    office, bell = offices(workers=1)

    assert late_mute(vendors, office, bell) == []
    assert late_removal(vendors, office, bell) == []
    assert (office.folder / "log").read_text().count("saga.lease_lost") == 2


@pytest.mark.parametrize("without", ["fence", "look back"])
def test_without_a_precaution_it_does(offices, vendors, without):
    office, bell = offices(workers=1, without=without)

    assert late_mute(vendors, office, bell) != []
