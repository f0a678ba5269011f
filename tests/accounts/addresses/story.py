"""Somebody whom the identity provider knows changes their address."""

from contextlib import contextmanager
from types import SimpleNamespace

from allauth.account.models import EmailAddress

from accounts.actors import acting
from accounts.addresses.change import KIND
from accounts.addresses.verification import confirm_email
from accounts.clients.identity import identities
from accounts.elsewhere.identity import couples
from accounts.models import Identity, User
from integrity.models import Saga
from tests import mailbox
from tests.accounts.elsewhere.supabase_story import deliver, there
from tests.accounts.leaving import story
from tests.factories import CoupleFactory
from tests.rounds import rounds_until

OLD, NEW = "ada@example.com", "new@example.com"
NOTICES = ("email_changed", "email_not_changed")


def known(email=OLD):
    """Here and at the provider, which has confirmed it."""
    user = CoupleFactory(email=email, address__verified=True)
    identities().create(user.uid, email=email, is_verified=True)
    fingerprint = couples().get(pk=user.pk).fingerprint
    Identity.objects.create(user=user, told=fingerprint)
    return user


def ask(user, email=NEW):
    """As if the mail with the link had come."""
    return EmailAddress.objects.create(user=user, email=email, primary=False)


def confirm(user, email=NEW, **how):
    return confirm_email(user=user, email=email, by=acting(user), **how)


def change(user, email=NEW):
    """Ask and confirm; the saga that this begins."""
    ask(user, email)
    assert confirm(user, email).moves_to == email
    return Saga.objects.get(kind=KIND, subject=str(user.uid), finished_at=None)


def notices():
    return [(mail.kind, mail.to) for mail in mailbox.promised() if mail.kind in NOTICES]


def state_of(user):
    """All that the address is, once what was promised is delivered."""
    told = notices()
    deliver()
    now = User.objects.select_related("profile").get(pk=user.pk)
    rows = EmailAddress.objects.filter(user=user).order_by("pk")
    return SimpleNamespace(
        here={now.email, now.profile.email},
        rows=[(each.email, each.primary, each.verified) for each in rows],
        there=there(user),
        told=told,
    )


def assert_moved(user):
    state = state_of(user)
    assert (state.here, state.rows) == ({NEW}, [(NEW, True, True)])
    assert state.there == (NEW, True)
    assert state.told == [("email_changed", OLD)]


def assert_stayed(user, *, told=True):
    state = state_of(user)
    assert (state.here, state.rows) == ({OLD}, [(OLD, True, True)])
    assert state.there == (OLD, True)
    assert state.told == ([("email_not_changed", OLD)] if told else [])


@contextmanager
def changed(step, **functions):
    with story.changed(step, kind=KIND, **functions):
        yield


def run_through_deaths(saga, steps, *, after):
    return story.run_through_deaths(saga, steps, kind=KIND, after=after)


def run_until(saga, state):
    """Through retries, as far as this."""
    for _ in rounds_until(lambda: story.run(saga) == state, f"the change {state}"):
        assert saga.state == "running", saga.error
        story.time_passes()
