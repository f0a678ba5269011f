"""Which verbs a saga allows as it stands, and why not the others."""

from integrity.models import Saga, SagaStep

State, Status = Saga.State, SagaStep.Status
# Of what is sealed: how things were before a step.
PRIOR = "prior:"
VERBS = (
    "pause",
    "resume",
    "run_now",
    "skip_timer",
    "compensate",
    "retry",
    "retry_with_new_key",
    "probe",
    "mark_done",
    "skip_undo",
    "resolve",
    "tidied",
    "reveal",
)
REFUSALS = {
    "pause": "It is {state}; only what is under way can be paused.",
    "resume": "It is {state}; only what is paused can be resumed.",
    "run_now": "It is {state}; only what is under way can run now.",
    "skip_timer": "It waits for no timer.",
    "compensate": "It can't be taken back: it has passed its point of no return, is being taken"
    " back already, or has ended.",
    "retry": "It is {state}; only what needs a person can be tried again.",
    "retry_with_new_key": "It is {state}, or its step is made without a key.",
    "probe": "None of its steps can be looked at.",
    "mark_done": "It is at no step that a person may call done.",
    "skip_undo": "There is no undo that a person may give up.",
    "tidied": "Nothing that it left is on record.",
    "resolve": "It is {state}; only what is paused or needs a person can be ended by one.",
    "reveal": "Nothing is kept of how things were before.",
}


class Refused(Exception):
    """Not lawful as the saga stands; the text says why. Nothing was changed."""


def lawful(saga: Saga) -> list[str]:
    """In the order in which they are offered."""
    step = saga.steps.filter(position=saga.position).first()
    allowed = {
        "pause": saga.state in Saga.ACTIVE,
        "resume": saga.state == State.PAUSED,
        "run_now": saga.state in Saga.ACTIVE,
        "skip_timer": saga.state == State.RUNNING and _is_waiting(step),
        "compensate": saga.pivot_at is None and State.RUNNING in (saga.state, saga.parked_from),
        "retry": saga.state == State.ATTENTION,
        "retry_with_new_key": saga.state == State.ATTENTION and _has_key(saga),
        "probe": saga.steps.filter(kind="remote").exclude(status=Status.PENDING).exists(),
        "mark_done": _can_be_called_done(saga, step),
        "skip_undo": _is_stuck_backward(saga) and bool(steps_to_judge(saga)),
        "resolve": saga.state in Saga.PARKED,
        "tidied": saga.steps.filter(left_behind=True).exists(),
        "reveal": saga.secrets.filter(purpose__startswith=PRIOR).exists(),
    }
    return [verb for verb in VERBS if allowed[verb]]


def steps_to_judge(saga: Saga) -> list[SagaStep]:
    """Those that a parked saga is parked for: the failed undos, or the step at which it is."""
    failed = list(saga.steps.filter(status=Status.UNDO_FAILED).order_by("position"))
    return failed or list(saga.steps.filter(position=saga.position))


def _is_waiting(step: SagaStep | None) -> bool:
    return step is not None and step.kind == "timer" and step.status == Status.STARTED


def _has_key(saga: Saga) -> bool:
    return any(each.kind == "remote" for each in steps_to_judge(saga))


def _can_be_called_done(saga: Saga, step: SagaStep | None) -> bool:
    forward = saga.state == State.ATTENTION and saga.parked_from == State.RUNNING
    return forward and step is not None and step.kind != "pivot"


def _is_stuck_backward(saga: Saga) -> bool:
    return saga.state == State.ATTENTION and saga.parked_from == State.COMPENSATING
