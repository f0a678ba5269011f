"""What it means that a step didn't get done: again, wait, take all back, or ask a person."""

import logging
import random
from dataclasses import dataclass
from typing import Any

from django.db import DataError, Error, IntegrityError, NotSupportedError, ProgrammingError

from integrity.flows import Busy
from integrity.log import kind_and_place, log_event, without_addresses
from integrity.saga import gates
from integrity.saga.backward import renew_undo_key, undone
from integrity.saga.definition import Remote, Step
from integrity.saga.forward import OutForTooLong, done
from integrity.saga.held import Held, Status, Wait, move, waiting
from integrity.saga.outcomes import (
    ChangedSince,
    Gone,
    NotDone,
    OutcomeUnknown,
    PauseAsked,
    RefusedForGood,
    RefusedToAll,
    StepError,
)
from integrity.saga.places import Attention, park, turn_back
from integrity.saga.writes import NOW
from integrity.sealed import UnreadableSeal
from integrity.transactions import transaction_required

logger = logging.getLogger(__name__)
FIRST_WAIT = 2.0
# What can be taken back is tried so often; afterwards there is no giving up.
TRIES = 10
LONGEST_BEFORE, LONGEST_AFTER = 300.0, 3600.0
SHORTEST_PAUSE = 1.0
WRONG = (DataError, IntegrityError, NotSupportedError, ProgrammingError)


@dataclass(frozen=True)
class _Failure:
    held: Held
    declared: Step
    error: StepError

    @property
    def word(self) -> str:
        return self.error.word

    @property
    def text(self) -> str:
        return without_addresses(str(self.error))[:500]


def fail(held: Held, declared: Step, raised: Exception) -> bool:
    """Write down what became of the step. Whether there is more to do at once."""
    if isinstance(raised, UnreadableSeal):
        return move(held=held, change=lambda: park(held, Attention.UNREADABLE))
    failure = _Failure(held, declared, judged(raised, remote=isinstance(declared, Remote)))
    judge = _fail_forward if held.forward else _fail_backward
    return move(held=held, change=lambda: judge(failure))


def judged(raised: Exception, *, remote: bool) -> StepError:
    """Any exception in the words of the outcomes. Only our own texts are shown."""
    if isinstance(raised, StepError):
        return raised
    name = type(raised).__name__
    if isinstance(raised, Busy):
        return NotDone("the rows it needs were held by others")
    if isinstance(raised, Error) and not isinstance(raised, WRONG):
        # Of a remote step nobody knows what happened before the database failed it.
        return OutcomeUnknown(name) if remote else NotDone(name)
    log_event(logger, logging.ERROR, "saga.step_raised", error=kind_and_place(raised))
    return RefusedForGood(name)


@transaction_required
def _fail_forward(failure: _Failure) -> bool:
    held, error = failure.held, failure.error
    _note(failure)
    _keep_the_doubt(failure)
    match error:
        case Gone():
            past = held.saga.pivot_at is not None
            return done(held, status=Status.DONE if past else Status.SKIPPED)
        case RefusedForGood() | ChangedSince():
            _tell_the_gate(failure)
            if held.saga.pivot_at is not None:
                return park(held, Attention.REFUSED, **_error(failure))
            return turn_back(held, failure.word, **_error(failure))
    no_attempt = _tell_the_gate(failure) or isinstance(error, PauseAsked)
    if held.saga.pivot_at is None and _patience_is_over(failure, no_attempt=no_attempt):
        if error.word == "cant_tell":
            return park(held, Attention.UNDECIDABLE, **_error(failure))
        return turn_back(held, "given_up", **_error(failure))
    return _wait(failure, no_attempt=no_attempt)


@transaction_required
def _fail_backward(failure: _Failure) -> bool:
    held, error = failure.held, failure.error
    _note(failure)
    at_the_end = held.saga.position < 0
    match error:
        case Gone() | ChangedSince() if not at_the_end:
            if held.step.in_doubt:
                # As before; and the call may land yet, so it is looked at once more at the end.
                return undone(held)
            return undone(held, status=Status.UNDO_SKIPPED, error=failure.text)
        case RefusedForGood() if at_the_end:
            return park(held, Attention.UNDO_FAILED, **_error(failure))
        case RefusedForGood():
            log_event(
                logger,
                logging.CRITICAL,
                "saga.undo_failed",
                saga=held.saga.uid,
                step=held.step.name,
                do=f"manage.py saga show {held.saga.uid}",
            )
            return undone(held, status=Status.UNDO_FAILED, error=failure.text)
    if isinstance(error, OutcomeUnknown) and error.answered and not at_the_end:
        renew_undo_key(held, held.step)
    no_attempt = _tell_the_gate(failure) or isinstance(error, PauseAsked)
    return _wait(failure, no_attempt=no_attempt)


def _note(failure: _Failure) -> None:
    held = failure.held
    step = held.step if held.saga.position >= 0 else None
    held.note(
        "step_failed" if held.forward else "undo_not_done",
        step,
        attempt=held.saga.attempts + 1,
        error_class=failure.word,
        error=failure.text,
    )
    log_event(
        logger,
        logging.WARNING,
        "saga.step_failed",
        saga=held.saga.uid,
        step=step.name if step else "",
        error=failure.word,
    )


def _keep_the_doubt(failure: _Failure) -> None:
    """A later call that certainly did nothing says nothing about an earlier one."""
    held, error = failure.held, failure.error
    if isinstance(failure.declared, Remote):
        answered = isinstance(error, OutcomeUnknown) and error.answered
        held.write_step(
            held.step,
            in_doubt=held.step.in_doubt or isinstance(error, OutcomeUnknown),
            answered=held.step.answered or answered,
        )


def _tell_the_gate(failure: _Failure) -> bool:
    """Whether the provider refuses everybody, so that this was no attempt of this saga's."""
    declared, error = failure.declared, failure.error
    if not isinstance(declared, Remote):
        return False
    if isinstance(error, OutForTooLong):
        return True
    if isinstance(error, RefusedToAll):
        gates.refused_all(declared.provider, failure.text)
        return True
    if isinstance(error, RefusedForGood | PauseAsked):
        failure.held.answered(declared.provider)
        return False
    return gates.failed(declared.provider, failure.held.saga, failure.text)


def _patience_is_over(failure: _Failure, *, no_attempt: bool) -> bool:
    used_up = failure.held.saga.attempts + 1 >= TRIES and not no_attempt
    return used_up or failure.held.out_of_patience


def _wait(failure: _Failure, *, no_attempt: bool) -> bool:
    held, error = failure.held, failure.error
    attempts = held.saga.attempts + (0 if no_attempt else 1)
    longest = LONGEST_BEFORE if held.forward and held.saga.pivot_at is None else LONGEST_AFTER
    seconds = back_off(attempts, longest)
    if isinstance(error, PauseAsked):
        seconds = min(max(SHORTEST_PAUSE, error.after), LONGEST_AFTER)
    wait = Wait.GATE if no_attempt and not isinstance(error, PauseAsked) else Wait.RETRY
    first = held.saga.first_failed_at or NOW
    held.write(
        attempts=attempts,
        crashes=0,
        first_failed_at=first,
        **waiting(wait, seconds),
        **_error(failure),
    )
    return False


def back_off(attempts: int, longest: float) -> float:
    """Seconds to wait: full jitter up to 2 s doubled per attempt.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return random.uniform(0, min(longest, FIRST_WAIT * 2 ** min(attempts, 32)))


def _error(failure: _Failure) -> dict[str, Any]:
    return {"error_class": failure.word, "error": failure.text}
