"""One check from beginning to end: take the lease, look, record, let go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrity.audit import Actor
from integrity.evaluate import Report, Watch, evaluate, select
from integrity.leases import begin, give_up, held
from integrity.lifecycle import ALL, Tally, record
from integrity.models import Run
from integrity.rungs import FULL, Rung
from integrity.slots import latest_slot


@dataclass(frozen=True)
class Checked:
    run: Run
    report: Report
    tallies: Mapping[str, Tally]


def check(
    names: Sequence[str] = (),
    *,
    by: Actor,
    slot: datetime | None = None,
    timeout: float | None = None,
    rung: Rung = FULL,
    accept_shrinkage: bool = False,
    current: bool = False,
    watch: Watch = lambda result: None,
) -> Checked:
    """Evaluate and record. The arguments are those of `evaluate`, and:

    Args:
        slot: the due time of the schedule that this run stands for.

    Raises:
        UnknownName: a name is neither an invariant nor an app that declares one.
        AlreadyRunning: a check of the same scope is at work.
        SlotTaken: the slot has its run.
        LeaseLost: it took so long, without a sign of life, that it was given up.
    """
    select(names)
    run = begin(kind=Run.Kind.CHECK, scope=scope_of(names), by=by, slot=slot)
    looking = {"timeout": timeout, "rung": rung, "current": current, "watch": watch}
    return make(run, names, accept_shrinkage=accept_shrinkage, **looking)


def make(run: Run, names: Sequence[str], **looking: Any) -> Checked:
    """Evaluate and record what a run that holds its lease stands for. Raises LeaseLost."""
    try:
        with held(run):
            report = evaluate(names, **looking)
            tallies = record(run=run, report=report)
    except BaseException as error:
        give_up(run, error)
        raise
    run.refresh_from_db()
    return Checked(run, report, tallies)


def fill_slot(
    *, by: Actor, timeout: float | None = None, watch: Watch = lambda result: None
) -> Checked:
    """Check everything, as the run that stands for the latest due time.

    Raises:
        SlotTaken: it has its run.
        AlreadyRunning, LeaseLost: as in `check`.
    """
    return check(by=by, slot=latest_slot(timezone.now()), timeout=timeout, watch=watch)


def scope_of(names: Sequence[str]) -> str:
    return " ".join(sorted(set(names))) or ALL
