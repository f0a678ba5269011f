"""The worker's loop: claim what is due, and go on with it until it has to wait or is over."""

import logging
import math
import time
from dataclasses import dataclass

from django.db import Error, connection

from integrity.flows import counted_together
from integrity.log import binding, kind_and_place, log_event
from integrity.models import Saga
from integrity.saga.backward import look_back, take_back
from integrity.saga.claim import claim, park_unknown
from integrity.saga.definition import Step
from integrity.saga.failing import fail
from integrity.saga.forward import take
from integrity.saga.held import Held, LostLease, TooLate, give_back, hold, leased, move
from integrity.saga.places import OVER, Attention, end, park, step_forward
from integrity.transactions import CommitNotConfirmed

logger = logging.getLogger(__name__)
# So many workers died at one step.
DEATHS = 3


@dataclass(frozen=True)
class Ran:
    """How many sagas were taken up, and how many were found that nobody knows."""

    taken: int = 0
    parked: int = 0


def run_due(*, limit: int | None = None, seconds: float = math.inf) -> Ran:
    """Go on with the sagas that are due.

    Args:
        limit: claim no more after this many.
        seconds: claim no more, and begin no step, after this time.
    """
    if connection.in_atomic_block:
        raise RuntimeError("Sagas run outside any transaction.")
    stop_at, taken, parked = time.monotonic() + seconds, 0, park_unknown()
    while (limit is None or taken < limit) and time.monotonic() < stop_at:
        saga = claim()
        if saga is None:
            break
        taken += 1
        with binding(saga=saga.uid), counted_together():
            go_on(saga, stop_at)
    return Ran(taken, parked)


def go_on(saga: Saga, stop_at: float = math.inf) -> None:
    """With one that this worker has claimed."""
    try:
        held = _note_a_death(hold(saga))
        held.until = stop_at
        while advance(held):
            assert held.ahead is not None
            held = held.ahead
            if time.monotonic() > stop_at and not held.begun:
                give_back(held)
                return
    except (LostLease, CommitNotConfirmed) as lost:
        # What is committed is known to whoever claims it next.
        log_event(logger, logging.WARNING, "saga.lease_lost", error=type(lost).__name__)
    except Error:
        raise
    except Exception as error:  # noqa: BLE001 - the rim: one saga's trouble holds up no other
        log_event(logger, logging.ERROR, "saga.worker_failed", error=kind_and_place(error))


def advance(held: Held) -> bool:
    """Take the saga one step on, forward or back. Whether there is more to do at once."""
    saga = held.saga
    if held.paused:
        give_back(held)
        return False
    if saga.crashes >= DEATHS:
        return move(held=held, change=lambda: park(held, Attention.CRASH_LOOP, crashes=0))
    if saga.position < 0:
        return _guarded(held, _AT_THE_END)
    if saga.position >= len(held.steps):
        return move(held=held, change=lambda: _complete(held))
    if held.forward and held.step.status in OVER:
        return move(held=held, change=lambda: step_forward(held))
    declared = held.declaration(held.step)
    if declared is None:
        give_back(held)
        return False
    return _guarded(held, declared)


# Where all is undone, what fails is a provider's call as well, but of no one step.
_AT_THE_END = Step("the end of the way back")


def _guarded(held: Held, declared: Step) -> bool:
    try:
        if held.saga.position < 0:
            return look_back(held)
        return take(held, declared) if held.forward else take_back(held, declared)
    except (LostLease, CommitNotConfirmed):
        raise
    except TooLate:
        give_back(held)
        return False
    except Exception as error:  # noqa: BLE001 - judged there, and recorded
        return fail(held, declared, error)


def _complete(held: Held) -> bool:
    end(held, held.saga.State.COMPLETED)
    return False


def _note_a_death(held: Held) -> Held:
    """Of the worker before this one, if it has died."""
    if not getattr(held.saga, "died", False):
        return held
    move(held=held, change=lambda: _took_over(held))
    assert held.ahead is not None
    return held.ahead


def _took_over(held: Held) -> None:
    held.write(**leased())
    held.note("worker_died", times=held.saga.crashes)
