"""Which sagas are late: nobody takes them up, or what they try keeps failing."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from integrity.conf import config
from integrity.models import PausedKind, Saga


def overdue() -> Q:
    """Due, and no worker has taken it. One whose kind is paused may wait, and not for ever."""
    allowed = Now() - timedelta(seconds=config().saga_pause)
    paused = PausedKind.objects.filter(kind=OuterRef("kind"), at__gt=allowed)
    since = Now() - timedelta(seconds=config().saga_lag)
    return Q(state__in=Saga.ACTIVE, wake_at__lt=since) & Q(~Exists(paused))


def stalled() -> Q:
    """Its step has been failing for long. One that waits for a provider has not been tried."""
    since = Now() - timedelta(seconds=config().saga_stalled)
    failing = Q(state__in=Saga.ACTIVE, first_failed_at__lt=since)
    return failing & ~Q(wait=Saga.Wait.GATE)
