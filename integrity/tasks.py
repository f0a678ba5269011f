"""Celery: the doorbell, and the sweeps that make a lost doorbell harmless."""

import logging
import time

from celery import shared_task
from kombu.exceptions import OperationalError

from integrity.log import log_event
from integrity.operations import forget_old_operations
from integrity.relay import deliver_due

logger = logging.getLogger(__name__)
# One task is a bite; a long queue is a row of them, shared by all workers.
AT_ONCE = 1000
QUIET = 30.0
_quiet_until = 0.0


def ring() -> None:
    """Wake the relay. A broker that is down costs seconds of delay, not the message: who rings
    waits two seconds for it, then nobody rings for a while, and the sweep delivers."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        relay_outbox.apply_async(retry=False, expires=30)
    except (OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET
        log_event(logger, logging.WARNING, "outbox.doorbell_failed", error=type(error).__name__)


# Acknowledged early: the sweep repeats what a killed worker leaves, so the broker needn't.
@shared_task(ignore_result=True, acks_late=False)
def relay_outbox() -> None:
    if deliver_due(limit=AT_ONCE, seconds=60).handled >= AT_ONCE:
        ring()


@shared_task(ignore_result=True, acks_late=False)
def forget_operations() -> None:
    forget_old_operations()
