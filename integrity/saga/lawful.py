"""Which verbs a saga allows as it stands, and why not the others."""

from django.db.models import F

from integrity.conf import config
from integrity.models import Saga, SagaEvent, SagaStep
from integrity.registry import UnknownName
from integrity.saga.definition import newest

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
    "verify",
    "again",
    "tidied",
    "reveal",
)
# Somebody's word that what nobody can see from here is so.
TAKE_A_SECOND_PERSON = ("mark_done", "skip_undo")
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
    "verify": "It is {state}; only after one that has ended is looked for what it left.",
    "again": "It is {state}; from there its kind isn't begun once more.",
    "tidied": "Nothing that it left is on record.",
    "resolve": "It is {state}; only what is paused or needs a person can be ended by one.",
    "reveal": "Nothing is kept of how things were before.",
}


class Refused(Exception):
    """Not lawful as the saga stands; the text says why. Nothing was changed."""


def refusal(saga: Saga, verb: str) -> str:
    return REFUSALS[verb].format(state=saga.get_state_display().lower())


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
        "verify": saga.state in Saga.FINISHED,
        "again": _can_be_begun_again(saga),
        "tidied": saga.steps.filter(left_behind=True).exists(),
        "reveal": saga.secrets.filter(purpose__startswith=PRIOR).exists(),
    }
    return [verb for verb in VERBS if allowed[verb]]


def steps_to_judge(saga: Saga) -> list[SagaStep]:
    """Those that a parked saga is parked for: the failed undos, or the step at which it is."""
    failed = list(saga.steps.filter(status=Status.UNDO_FAILED).order_by("position"))
    return failed or list(saga.steps.filter(position=saga.position))


def takes_second_person(saga: Saga, verb: str) -> bool:
    """Of a system outside one person's word isn't enough."""
    doubtful = verb in TAKE_A_SECOND_PERSON and config().second_person
    return doubtful and any(each.kind == "remote" for each in steps_to_judge(saga))


def asked_for(saga: Saga, verb: str) -> SagaEvent | None:
    """What the first person said, as long as the saga stands as they have seen it."""
    asked = saga.events.filter(event=f"{verb}_asked", fence=saga.fence)
    return asked.order_by("-pk").first()


def waiting_for_another(sagas: list[Saga]) -> set[int]:
    """Those of which somebody has asked what another person has to confirm."""
    asked = SagaEvent.objects.filter(
        saga__in=[each for each in sagas if each.state == State.ATTENTION],
        event__in=[f"{verb}_asked" for verb in TAKE_A_SECOND_PERSON],
        fence=F("saga__fence"),
    )
    return set(asked.values_list("saga", flat=True))


def _can_be_begun_again(saga: Saga) -> bool:
    try:
        declared = newest(saga.kind)
    except UnknownName:
        return False
    return declared.again is not None and saga.state in declared.again_after


def _is_waiting(step: SagaStep | None) -> bool:
    return step is not None and step.kind == "timer" and step.status == Status.STARTED


def _has_key(saga: Saga) -> bool:
    return any(each.kind == "remote" for each in steps_to_judge(saga))


def _can_be_called_done(saga: Saga, step: SagaStep | None) -> bool:
    forward = saga.state == State.ATTENTION and saga.parked_from == State.RUNNING
    return forward and step is not None and step.kind != "pivot"


def _is_stuck_backward(saga: Saga) -> bool:
    return saga.state == State.ATTENTION and saga.parked_from == State.COMPENSATING
