"""Couples of the demo who leave: one whose deletion stands still, and three to meet an outage."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from accounts.clients import contacts
from accounts.leaving.deletion import KIND, Wish, leave
from accounts.models import Kind, User
from accounts.simulators.account import configuration
from accounts.simulators.faults import Fault
from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga.engine import run_due

AT_ONCE = Wish(days=0)
BY = Actor("system", "demo", "They asked for it")
TOGETHER = 3
# What a firewall in front of the provider says that lets through no DELETE.
REFUSAL = {"code": "method_not_allowed", "message": "DELETE is not allowed here."}


def let_one_stand_still(*, store: Path) -> None:
    """The last step at the identity provider is refused, past the point of no return. The engine
    itself comes to that, against the stand-ins; afterwards they refuse nothing any more.

    Args:
        store: where the stand-ins keep what they know.
    """
    from accounts.simulators.server import Vendors, running

    leaver = _who_may_leave().first()
    if leaver is None:
        return
    vendors = Vendors(store=store)
    with running(vendors) as url, _called_at(url), _unheard():
        vendors.supabase.faults.add(Fault("status", method="DELETE", status=405, body=REFUSAL))
        leave(user=leaver, wish=AT_ONCE, by=BY)
        run_due()


def let_three_leave() -> int:
    """At once, one deletion each. Returns how many there were left to leave."""
    leavers = list(_who_may_leave()[:TOGETHER])
    for user in leavers:
        leave(user=user, wish=AT_ONCE, by=BY)
    return len(leavers)


def standing_still() -> Saga | None:
    return _deletions().filter(state=Saga.State.ATTENTION).order_by("pk").first()


def under_way() -> int:
    return _deletions().filter(state__in=Saga.ACTIVE).count()


def _deletions() -> "QuerySet[Saga]":
    return Saga.objects.filter(kind=KIND)


def _who_may_leave() -> "QuerySet[User]":
    """From the end: what is broken on purpose is broken at the beginning, and there is the couple as
    whom a visitor logs in."""
    known = User.objects.filter(kind=Kind.COUPLE, leaving_since=None, identity__isnull=False)
    return known.filter(profile__onboarded_at__isnull=False).order_by("-pk")


@contextmanager
def _called_at(url: str) -> Iterator[None]:
    """For as long as this lasts, the vendors of this process are the stand-ins there, which need no
    pause between two calls."""
    given, apart = configuration(url), contacts.APART
    before = {name: getattr(settings, name) for name in given}
    contacts.APART = 0.0
    try:
        for name, value in given.items():
            setattr(settings, name, [value] if isinstance(before[name], list) else value)
        yield
    finally:
        contacts.APART = apart
        for name, value in before.items():
            setattr(settings, name, value)


@contextmanager
def _unheard() -> Iterator[None]:
    """Whoever starts the demo isn't warned of what is wanted; the saga's page tells it."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
