"""The browser in which a change of address was confirmed goes on, and with that change alone."""

import pytest

from accounts.addresses.following import FOLLOWS
from integrity.models import Saga
from tests import mailbox
from tests.accounts.addresses.story import NEW, known
from tests.accounts.leaving.story import run_to_the_end
from tests.accounts.pages import EMAIL, is_logged_in, log_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ada(vendors, settings):
    """The identity provider alone knows her."""
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = settings.STRIPE_API_KEY = ""
    return known()


def change_in(client):
    """Ask and confirm, in one browser; what presses the button of the mail's page once more."""
    log_in(client)
    client.post(EMAIL, {"action_add": "1", "email": NEW, "password": PASSWORD})
    path = next(each for each in mailbox.promised() if each.to == NEW).path
    operation = str(client.get(path).context["form"]["operation"].value())

    def press():
        return client.post(path, {"operation": operation})

    assert press().url == EMAIL
    return press


def ends(state):
    assert run_to_the_end(Saga.objects.get(finished_at=None)) == state


def test_one_that_was_called_off_carries_nobody_along_with_one_made_elsewhere(client, other_client):
    change_in(client)
    client.post(EMAIL, {"action_remove": "1"})
    ends("compensated")
    mailbox.forget()
    mailbox.a_minute_later()
    change_in(other_client)

    ends("completed")

    assert is_logged_in(other_client)
    assert not is_logged_in(client)


def test_made_again_in_the_same_browser_it_carries_it_along(client):
    change_in(client)
    client.post(EMAIL, {"action_remove": "1"})
    ends("compensated")
    mailbox.forget()
    mailbox.a_minute_later()
    change_in(client)

    ends("completed")

    assert is_logged_in(client)
    assert FOLLOWS not in client.session


def test_pressed_again_because_the_answer_was_lost_it_goes_on_as_well(client):
    press = change_in(client)
    session = client.session
    del session[FOLLOWS]
    session.save()

    assert press().url == EMAIL
    ends("completed")

    assert is_logged_in(client)
