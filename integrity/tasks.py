"""Celery: the doorbell, and the sweeps that make a lost doorbell harmless."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from integrity.log import log_event
from integrity.operations import forget_old_operations
from integrity.relay import deliver_due

logger = logging.getLogger(__name__)
# One task is a bite; a long queue is a row of them, shared by all workers.
AT_ONCE = 1000


def ring() -> None:
    """Wake the relay. A broker that is down costs seconds of delay, not the message."""
    try:
        relay_outbox.apply_async(retry=False, expires=30)
    except (OperationalError, OSError) as error:
        log_event(logger, logging.WARNING, "outbox.doorbell_failed", error=type(error).__name__)


# Acknowledged early: the sweep repeats what a killed worker leaves, so the broker needn't.
@shared_task(ignore_result=True, acks_late=False)
def relay_outbox() -> None:
    if deliver_due(limit=AT_ONCE, seconds=60).handled >= AT_ONCE:
        ring()


@shared_task(ignore_result=True, acks_late=False)
def forget_operations() -> None:
    forget_old_operations()
