"""What a worker will do with a saga next, in order, once a verb was used on it. Nothing is called."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace

from django.utils import timezone

from integrity.conf import config
from integrity.models import Saga, SagaStep
from integrity.registry import UnknownName
from integrity.saga.definition import Definition, Remote, Step, newest, sagas
from integrity.saga.held import Held, State, Status, key_of
from integrity.saga.lawful import steps_to_judge
from integrity.saga.places import OVER, has_to_be_undone


@dataclass(frozen=True)
class Ahead:
    """One thing that will be done, and with which idempotency key where it is a provider's call."""

    step: str
    title: str
    does: str
    provider: str = ""
    key: str = ""


def declared_of(saga: Saga) -> Definition | None:
    """None where this code doesn't know it."""
    try:
        return sagas.get(f"{saga.kind}/{saga.version}")
    except UnknownName:
        return None


def ahead(saga: Saga, verb: str = "") -> list[Ahead]:
    """What comes after this verb; what is left to do of a saga that stands still, without one."""
    if verb == "again":
        return list(_anew(saga))
    declared = declared_of(saga)
    if declared is None or saga.finished_at:
        return []
    held = Held(copy(saga), list(saga.steps.order_by("position")), declared, now=timezone.now())
    held.saga.state = saga.parked_from or saga.state
    _CHANGES.get(verb, _as_it_is)(held, [each.position for each in steps_to_judge(saga)])
    return list(_forward(held) if held.forward else _backward(held))


def _anew(saga: Saga) -> Iterator[Ahead]:
    """The keys are the new saga's, which has no id yet."""
    declared = newest(saga.kind)
    wanted = [each for each in declared.steps if each.wanted()]
    steps = [_fresh(place, each) for place, each in enumerate(wanted)]
    new = Saga(kind=saga.kind, state=State.RUNNING, position=0, subject=saga.subject)
    for each in _forward(Held(new, steps, declared, now=timezone.now())):
        yield replace(each, key="")


def _fresh(place: int, step: Step) -> SagaStep:
    provider = step.provider if isinstance(step, Remote) else ""
    return SagaStep(
        position=place, name=step.name, kind=step.kind, provider=provider, status=Status.PENDING
    )


def _as_it_is(held: Held, judged: list[int]) -> None:
    pass


def _turn_back(held: Held, judged: list[int]) -> None:
    held.saga.state = State.COMPENSATING


def _end_the_waiting(held: Held, judged: list[int]) -> None:
    held.step.due_at = held.now


def _over(held: Held, judged: list[int]) -> None:
    held.step.status = Status.DONE


def _again(held: Held, judged: list[int]) -> None:
    failed = [each for each in held.steps if each.status == Status.UNDO_FAILED]
    for each in failed:
        each.status = Status.UNDOING
        held.saga.position = each.position


def _again_with_new_key(held: Held, judged: list[int]) -> None:
    for each in held.steps:
        each.key_epoch += each.position in judged
    _again(held, judged)


def _give_up(held: Held, judged: list[int]) -> None:
    for each in held.steps:
        if each.position in judged:
            each.status = Status.UNDO_SKIPPED


_CHANGES: dict[str, Callable[[Held, list[int]], None]] = {
    "compensate": _turn_back,
    "skip_timer": _end_the_waiting,
    "mark_done": _over,
    "retry": _again,
    "retry_with_new_key": _again_with_new_key,
    "skip_undo": _give_up,
}


def _forward(held: Held) -> Iterator[Ahead]:
    for step in held.steps[held.saga.position :]:
        if step.status not in OVER:
            yield _line(held, step, _does(held, step))


def _backward(held: Held) -> Iterator[Ahead]:
    before = held.steps[: held.saga.position + 1]
    undone = [step for step in reversed(before) if has_to_be_undone(held, step)]
    for step in undone:
        yield _line(held, step, _undoes(held, step))
    if any(each.status == Status.UNDO_FAILED for each in held.steps):
        return
    again = [each for each in held.steps if each.status == Status.UNDONE or each in undone]
    for step in again:
        if step.kind == "remote":
            quiet = f"after {config().saga_quiet:g} s, undoes what a late call has done since"
            yield _line(held, step, quiet)


def _line(held: Held, step: SagaStep, does: str) -> Ahead:
    declared = held.declaration(step)
    title = declared.label if declared else step.name
    key = key_of(held.saga, step) if step.kind == "remote" else ""
    return Ahead(step.name, title, does, step.provider, key)


def _does(held: Held, step: SagaStep) -> str:
    declared = held.declaration(step)
    match step.kind:
        case _ if declared is None:
            return "waits for a worker whose code knows it"
        case "timer":
            return _waits(held, step)
        case "pivot":
            return "passes the point of no return: nothing is taken back from here on"
        case "verify":
            return "looks whether anything is left, once no call can be under way"
        case "remote" if isinstance(declared, Remote):
            return _calls(declared, step)
    return "works on our own rows"


def _waits(held: Held, step: SagaStep) -> str:
    if step.due_at is None:
        return "waits"
    over = step.due_at <= held.now
    return "has waited long enough" if over else f"waits until {step.due_at:%Y-%m-%d %H:%M} UTC"


def _calls(declared: Remote, step: SagaStep) -> str:
    if step.in_doubt and declared.probe:
        return f"looks at {declared.provider} whether it is done, and calls if not"
    if declared.capture and step.status == Status.PENDING:
        return f"notes how things are at {declared.provider}, then calls it"
    return f"calls {declared.provider}"


def _undoes(held: Held, step: SagaStep) -> str:
    if held.declaration(step) is None:
        return "waits for a worker whose code knows it"
    if step.kind == "remote":
        return f"sets back at {step.provider} what this saga has set, and nothing set since"
    return "puts our own rows back"
