"""What must hold of the machinery itself."""

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from integrity.conf import config
from integrity.invariants.declare import Severity, invariant
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
    statement="No promised effect is overdue: the relay runs and keeps up.",
    severity=Severity.WARNING,
)
def every_effect_is_delivered_in_time() -> QuerySet[OutboxMessage]:
    overdue = Now() - timedelta(seconds=config().outbox_lag)
    return OutboxMessage.objects.exclude(state=OutboxMessage.State.DEAD).filter(
        available_at__lt=overdue
    )
