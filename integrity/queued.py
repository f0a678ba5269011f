"""Checks that somebody asks for on a page: stored, and made by whoever works in the background."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models.functions import Now
from django.utils.module_loading import import_string

from integrity.audit import Actor, audit
from integrity.conf import config
from integrity.evaluate import select
from integrity.flows import flow
from integrity.leases import AlreadyRunning, take_queued
from integrity.lifecycle import ALL
from integrity.models import Run
from integrity.sweep import Checked, make, scope_of
from integrity.transactions import wake_after_commit

# Who waits longer than this for a worker waits in vain; the run ends as interrupted.
PATIENCE = timedelta(minutes=15)


@flow("integrity.queue_check")
def queue_check(*, names: Sequence[str], by: Actor) -> Run:
    """Store that these invariants are to be checked, all of them for no name.

    Raises:
        UnknownName: a name is neither an invariant nor an app that declares one.
        AlreadyRunning: a check of the same scope is queued or at work.
    """
    select(names)
    scope = scope_of(names)
    run = Run(
        uid=uuid.uuid4(),
        kind=Run.Kind.CHECK,
        state=Run.State.QUEUED,
        scope=scope,
        actor_kind=by.kind,
        actor_id=by.id,
        reason=by.reason,
        lease_until=Now() + PATIENCE,
    )
    Run.objects.bulk_create([run], ignore_conflicts=True)
    queued = Run.objects.filter(uid=run.uid).first()
    if queued is None:
        raise AlreadyRunning(Run.objects.filter(scope=scope, finished_at=None).first())
    audit("integrity.check_queued", by=by, subject=queued, detail={"scope": scope})
    _ring_after_commit()
    return queued


def _ring_after_commit() -> None:
    if name := config().check_doorbell:
        wake_after_commit(import_string(name))


def make_queued(*, limit: int = 10) -> list[Checked]:
    """Make the checks that wait, the oldest first.

    Raises:
        UnknownName: what it was to look at is no longer declared; that run has failed.
        LeaseLost: as in `check`.
    """
    made = list[Checked]()
    while len(made) < limit and (run := take_queued(Run.Kind.CHECK)):
        made.append(make(run, [] if run.scope == ALL else run.scope.split()))
    return made
