"""What must hold of the machinery itself."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from integrity.conf import config
from integrity.invariants.custom import invariant
from integrity.invariants.declare import Severity
from integrity.models import OutboxMessage


@invariant(
    "integrity.no_effect_is_dead",
    statement="No promised effect was given up.",
    severity=Severity.ERROR,
)
def no_effect_is_dead() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD)


@invariant(
    "integrity.every_effect_is_delivered_in_time",
    statement="No promised effect is overdue: the relay keeps up, and nothing is put off for ever.",
    severity=Severity.WARNING,
)
def every_effect_is_delivered_in_time() -> QuerySet[OutboxMessage]:
    due_since = Now() - timedelta(seconds=config().outbox_lag)
    promised_since = Now() - timedelta(seconds=config().outbox_age)
    return OutboxMessage.objects.exclude(state=OutboxMessage.State.DEAD).filter(
        Q(available_at__lt=due_since) | Q(created_at__lt=promised_since)
    )
