"""The browser in which a change of address was confirmed goes on, when all other sessions end by it."""

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from accounts.models import User
from integrity.models import Saga

# Which change, and the hash that fits the account once it has the new address by it, and with it the
# same password. The hash alone would fit as well if the same change were called off here and then
# made from another browser.
FOLLOWS = "accounts.follows_change"


def follow(session: SessionBase, user: User, *, change: Saga, to: str) -> None:
    moved = User(password=user.password, email=to, sessions_ended_at=user.sessions_ended_at)
    session[FOLLOWS] = [str(change.uid), moved.get_session_auth_hash()]


def catch_up(session: SessionBase) -> None:
    """To be called before the session's user is asked for."""
    follows, whose = session.get(FOLLOWS), session.get(SESSION_KEY)
    if follows is None or whose is None:
        return
    change, expected = follows
    # In that moment it got the new address: neither before, nor if it was called off.
    if not Saga.objects.filter(uid=change, pivot_at__isnull=False).exists():
        return
    user = User.objects.filter(pk=whose).first()
    if user and constant_time_compare(user.get_session_auth_hash(), expected):
        del session[FOLLOWS]
        session[HASH_SESSION_KEY] = expected
        session.cycle_key()
