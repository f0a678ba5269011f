"""A run and its lease: who may write for it, and how one that died is told from one that is slow."""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.conf import config
from integrity.log import binding, kind_and_place, log_event
from integrity.models import Run
from integrity.transactions import transaction_required

logger = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another run of this scope is at work. Wait for it, or for its lease to run out."""

    def __init__(self, run: Run | None) -> None:
        super().__init__(f"run {run.uid} is at work on it" if run else "another run was faster")
        self.run = run


class SlotTaken(Exception):
    """The run of this due time has been made."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.uid} stands for {run.slot:%Y-%m-%d %H:%M}Z")
        self.run = run


class LeaseLost(Exception):
    """The run was given up in the meantime; nothing it found out may be written any more."""


def begin(*, kind: str, scope: str, by: Actor, slot: datetime | None = None) -> Run:
    """Insert the run, with a lease of its own.

    Raises:
        AlreadyRunning: a run of this kind and scope holds a lease.
        SlotTaken: a run stands for this slot.
    """
    interrupt_abandoned()
    run = Run(
        uid=uuid.uuid4(),
        kind=kind,
        scope=scope,
        slot=slot,
        actor_kind=by.kind,
        actor_id=by.id,
        reason=by.reason,
        lease_token=uuid.uuid4(),
        lease_until=Now() + _length(),
    )
    Run.objects.bulk_create([run], ignore_conflicts=True)
    begun = Run.objects.filter(uid=run.uid).first()
    if begun is None:
        raise _refusal(kind=kind, scope=scope, slot=slot)
    return begun


def _refusal(*, kind: str, scope: str, slot: datetime | None) -> Exception:
    if slot and (taken := Run.objects.filter(slot=slot).exclude(state__in=Run.GAVE_UP).first()):
        return SlotTaken(taken) if taken.finished_at else AlreadyRunning(taken)
    return AlreadyRunning(Run.objects.filter(kind=kind, scope=scope, finished_at=None).first())


def take_queued(kind: str) -> Run | None:
    """The oldest run of this kind that waits for a worker, with a lease of its own."""
    values: list[Any] = [uuid.uuid4(), _length(), kind]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        taken = cursor.fetchone()
    return Run.objects.get(uid=taken[0]) if taken else None


_TAKE = """
UPDATE integrity_run
SET state = 'running', started_at = now(), heartbeat_at = now(), lease_token = %s,
    lease_until = now() + %s
WHERE id = (
    SELECT id FROM integrity_run
    WHERE kind = %s AND state = 'queued' AND lease_until > now()
    ORDER BY id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING uid
"""


def interrupt_abandoned() -> int:
    """End the checks and purges whose process is gone. Returns how many."""
    abandoned = Run.objects.filter(
        kind__in=[Run.Kind.CHECK, Run.Kind.PURGE], finished_at=None, lease_until__lt=Now()
    )
    return abandoned.update(
        state=Run.State.INTERRUPTED,
        finished_at=Now(),
        lease_token=None,
        lease_until=None,
        error="its lease ran out: the process is gone",
    )


@contextmanager
def held(run: Run) -> Iterator[None]:
    """Renew the lease while the block works, on a connection of its own; log lines name the run."""
    stopped = threading.Event()
    beating = threading.Thread(target=_beat, args=(run, stopped), daemon=True)
    beating.start()
    try:
        with binding(run=run.uid):
            yield
    finally:
        stopped.set()
        beating.join()


def _beat(run: Run, stopped: threading.Event) -> None:
    try:
        while not stopped.wait(config().run_lease / 3):
            try:
                renew(run)
            except Error as error:
                log_event(
                    logger,
                    logging.WARNING,
                    "run.heartbeat_failed",
                    run=run.uid,
                    error=kind_and_place(error),
                )
    finally:
        connection.close()


def renew(run: Run) -> bool:
    """Whether the lease is still ours, and now longer."""
    return bool(_ours(run).update(heartbeat_at=Now(), lease_until=Now() + _length()))


@transaction_required
def hold(run: Run) -> None:
    """Lock the run for the transaction, so that nobody takes it over meanwhile.

    Raises:
        LeaseLost: somebody has.
    """
    if not _ours(run).select_for_update(no_key=True).exists():
        raise LeaseLost(str(run.uid))


def finish(run: Run, state: str, **values: Any) -> None:
    """End the run. Raises LeaseLost: it was ended before, by somebody else."""
    ended = {"state": state, "finished_at": Now(), "lease_token": None, "lease_until": None}
    if not _ours(run).update(**ended, **values):
        raise LeaseLost(str(run.uid))


def give_up(run: Run, error: BaseException) -> None:
    """End a run that raised. Where even that fails, its lease runs out."""
    stopped = isinstance(error, KeyboardInterrupt | SystemExit)
    state = Run.State.INTERRUPTED if stopped else Run.State.FAILED
    text = "stopped" if stopped else f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    try:
        finish(run, state, error=text)
    except (Error, LeaseLost) as second:
        log_event(logger, logging.WARNING, "run.not_ended", run=run.uid, error=repr(second))


def _ours(run: Run) -> Any:
    return Run.objects.filter(uid=run.uid, lease_token=run.lease_token, finished_at=None)


def _length() -> timedelta:
    return timedelta(seconds=config().run_lease)
