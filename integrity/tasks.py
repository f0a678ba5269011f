"""Celery: the doorbell, and the sweeps that make a lost doorbell harmless."""

import logging
import time
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from integrity import watch
from integrity.audit import task_actor
from integrity.heartbeats import RELAY, SAGAS, SCHEDULER, WORKER, beat, is_silent
from integrity.leases import AlreadyRunning, SlotTaken
from integrity.log import log_event
from integrity.operations import forget_old_operations
from integrity.queued import make_queued
from integrity.relay import deliver_due
from integrity.repair.queueing import work_queued
from integrity.repair.unattended import repair_unattended
from integrity.retention import ClockInDoubt, purge
from integrity.saga.engine import run_due
from integrity.sweep import fill_slot

logger = logging.getLogger(__name__)
# One task is a bite; a long queue is a row of them, shared by all workers.
AT_ONCE = 1000
HOUR = 3600
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
    """The site rings for it as well, so it runs when the scheduler is dead, and says so."""
    beat(WORKER)
    if is_silent(SCHEDULER):
        watch.keep_watch(by=task_actor("integrity.tasks.relay_outbox"))
    delivered = deliver_due(limit=AT_ONCE, seconds=60)
    beat(RELAY)
    if delivered.handled >= AT_ONCE:
        ring()


@shared_task(ignore_result=True, acks_late=False)
def keep_watch() -> None:
    watch.keep_watch(by=task_actor("integrity.tasks.keep_watch"))


def ring_for_checks() -> None:
    """As above: a lost ring costs seconds, as the schedule looks after what is queued as well."""
    _ring(check_queued, "checks.doorbell_failed")


def ring_for_repairs() -> None:
    _ring(repair_queued, "repairs.doorbell_failed")


def ring_for_sagas() -> None:
    _ring(run_sagas, "sagas.doorbell_failed")


# Acknowledged early, as above: a lease that runs out is what repeats it.
@shared_task(ignore_result=True, acks_late=False)
def run_sagas() -> None:
    beat(WORKER)
    ran = run_due(limit=AT_ONCE, seconds=60)
    beat(SAGAS)
    if ran.taken >= AT_ONCE:
        ring_for_sagas()


def _ring(task: Any, event: str) -> None:
    try:
        task.apply_async(retry=False, expires=30)
    except (OperationalError, OSError) as error:
        log_event(logger, logging.WARNING, event, error=type(error).__name__)


@shared_task(
    ignore_result=True, acks_late=False, soft_time_limit=6 * HOUR, time_limit=6 * HOUR + 60
)
def check_queued() -> None:
    make_queued()


@shared_task(
    ignore_result=True, acks_late=False, soft_time_limit=6 * HOUR, time_limit=6 * HOUR + 60
)
def repair_queued() -> None:
    work_queued()


@shared_task(ignore_result=True, acks_late=False)
def forget_operations() -> None:
    forget_old_operations()


@shared_task(ignore_result=True, acks_late=False)
def give_sign_of_life() -> None:
    """Only the scheduler sends it, so that one row tells of both."""
    beat(SCHEDULER)
    beat(WORKER)


# Large tables take as long as they take; each statement has its own time-out.
# One that finds another at work, or a dead one's lease, comes again until the slot has its run.
@shared_task(
    ignore_result=True,
    soft_time_limit=6 * HOUR,
    time_limit=6 * HOUR + 60,
    autoretry_for=(AlreadyRunning,),
    default_retry_delay=300,
    max_retries=24,
)
def sweep() -> None:
    try:
        fill_slot(by=task_actor("integrity.tasks.sweep"))
    except SlotTaken as known:
        log_event(logger, logging.INFO, "sweep.not_started", reason=str(known))
    else:
        repair_unattended(by=task_actor("integrity.tasks.sweep"))


@shared_task(ignore_result=True, soft_time_limit=HOUR, time_limit=HOUR + 60)
def purge_history() -> None:
    try:
        purge(by=task_actor("integrity.tasks.purge_history"))
    except (AlreadyRunning, ClockInDoubt) as refusal:
        log_event(logger, logging.WARNING, "purge.refused", reason=str(refusal))
