"""A saga in words: what is true of it now, what happens next and when, and what a person must do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from integrity.conf import config
from integrity.models import PausedKind, ProviderGate, Saga, SagaEvent, SagaStep
from integrity.saga.definition import Definition
from integrity.saga.lawful import (
    TAKE_A_SECOND_PERSON,
    lawful,
    steps_to_judge,
    takes_second_person,
)
from integrity.templatetags.integrity_pages import age, ago

State, Wait, Attention = Saga.State, Saga.Wait, Saga.Attention
NOTHING_TO_DO = "There is nothing for a person to do."
# What a person must do, by what it is parked for.
TO_DO = {
    Attention.REFUSED: "Mend at {provider} what it refuses, and try again; or do the step there by"
    " hand, and mark it as done.",
    Attention.CRASH_LOOP: "Find out in the workers' logs why they died in this step, then try"
    " again.",
    Attention.UNKNOWN_STEP: "Release code that knows this step, or bring the old code back; then"
    " try again.",
    Attention.UNDECIDABLE: "Look at {provider} whether it is done. If so, mark it as done; if not,"
    " try again.",
    Attention.RESIDUE: "Find out why it comes back, remove it by hand, and try again.",
    Attention.UNDO_FAILED: "Mend what refuses the undo, and try again; or put it back by hand, and"
    " give the undo up.",
    Attention.UNREADABLE: "Put the key with which it was sealed back into SEAL_KEYS, then try"
    " again.",
}
ENDS = {
    State.COMPLETED: ("ok", "All its steps are done."),
    State.COMPENSATED: ("idle", "What it had done was taken back."),
    State.RESOLVED: ("idle", "A person ended it as it stood."),
}


@dataclass(frozen=True)
class Seen:
    """A saga as its page read it."""

    saga: Saga
    steps: list[SagaStep]
    declared: Definition | None
    gates: dict[str, ProviderGate]
    events: list[SagaEvent]
    paused: PausedKind | None = None

    @property
    def step(self) -> SagaStep | None:
        here = self.saga.position
        return self.steps[here] if 0 <= here < len(self.steps) else None

    @property
    def stuck(self) -> list[SagaStep]:
        return steps_to_judge(self.saga) if self.saga.state == State.ATTENTION else []

    def name(self, step: SagaStep) -> str:
        declared = self.declared.step(step.name) if self.declared else None
        return declared.label if declared else step.name

    def place_of(self, step: SagaStep) -> str:
        return f"“{self.name(step)}”{f' at {step.provider}' if step.provider else ''}"

    def last(self, event: str) -> SagaEvent | None:
        return next((each for each in reversed(self.events) if each.event == event), None)


@dataclass(frozen=True)
class Verdict:
    """Each a sentence or more; `then` is blank where nothing happens by itself."""

    tone: str
    now: str
    then: str = ""
    do: str = NOTHING_TO_DO


def title_of(saga: Saga, declared: Definition | None) -> str:
    return declared.title if declared else saga.kind


def place(saga: Saga, count: int) -> str:
    """Which step of how many; one that is over has no place."""
    if saga.position < 0:
        return "all taken back" if saga.finished_at else "back at the start"
    if saga.position >= count:
        return f"all {count} done"
    return f"{saga.position + 1} of {count}"


def verdict(seen: Seen) -> Verdict:
    saga = seen.saga
    if saga.finished_at:
        return _ended(seen)
    if saga.state == State.ATTENTION:
        return _needs_a_person(seen)
    if saga.state == State.PAUSED:
        return _paused(seen)
    tone, do = _trouble(seen)
    return Verdict(tone, f"{_where(seen)}{_way(seen)}", _next(seen), do)


def _ended(seen: Seen) -> Verdict:
    tone, text = ENDS[State(seen.saga.state)]
    left = [f"“{seen.name(each)}”" for each in seen.steps if each.left_behind]
    if not left:
        return Verdict(tone, text)
    return Verdict(
        "warn",
        f"{text} It left behind: {', '.join(left)}.",
        do="See to what is left by hand, then say that it is tidied up. Until then it is a"
        " finding.",
    )


def _needs_a_person(seen: Seen) -> Verdict:
    saga = seen.saga
    why = Attention(saga.attention)
    names = ", ".join(f"“{seen.name(each)}”" for each in seen.stuck) or "the end"
    providers = ", ".join(sorted({each.provider for each in seen.stuck if each.provider}))
    return Verdict(
        "bad",
        f"It stands still at {names}: {why.label}.{_error(saga)}{_way(seen)}",
        "Nothing happens until somebody decides.",
        f"{TO_DO[why].format(provider=providers or 'its system')}{_by_two(saga)}",
    )


def _by_two(saga: Saga) -> str:
    two = any(
        verb in lawful(saga) and takes_second_person(saga, verb) for verb in TAKE_A_SECOND_PERSON
    )
    return " Such a word takes two: one asks for it, and somebody else confirms it." if two else ""


def _paused(seen: Seen) -> Verdict:
    pause = seen.last("pause")
    reason = pause.detail.get("reason") if pause else ""
    why = (
        f" {ago(pause.at).capitalize()} somebody paused it: “{reason}”." if pause and reason else ""
    )
    return Verdict(
        "warn",
        f"It is paused. {_where(seen)}{_way(seen)}{why}",
        "Nothing happens until somebody resumes it.",
        "Resume it once the reason is gone.",
    )


def _where(seen: Seen) -> str:
    saga, step = seen.saga, seen.step
    back = saga.goes_back
    if step is None:
        return "All is taken back but for a last look." if back else "All its steps are done."
    name = f"step {place(saga, len(seen.steps))}, “{seen.name(step)}”"
    text = f"It is taking back {name}." if back else f"It is at {name}."
    if saga.started_at is None:
        text = f"It has not begun; {name}, comes first."
    return f"{text}{_tries(saga)}{_error(saga)}"


def _tries(saga: Saga) -> str:
    if not saga.first_failed_at:
        return ""
    if not saga.attempts or saga.wait == Wait.GATE:
        return f" It has been held up there for {age(saga.first_failed_at)}."
    times = "once" if saga.attempts == 1 else f"{saga.attempts} times"
    return f" That has failed {times}, first {ago(saga.first_failed_at)}."


def _error(saga: Saga) -> str:
    return f" The last error: {saga.error or saga.error_class}." if saga.error_class else ""


def _way(seen: Seen) -> str:
    """Whether there is a way back."""
    saga = seen.saga
    if saga.goes_back:
        if seen.last("compensate"):
            return " A person has it taken back."
        return f" It {'was called off' if saga.cancelled_at else 'could not go on'}, and is taken back."
    if saga.pivot_at:
        return f" It passed its point of no return {ago(saga.pivot_at)}: it can only go on."
    return " It can still be taken back."


def _next(seen: Seen) -> str:
    saga = seen.saga
    if seen.paused:
        return (
            f"All of its kind have been paused for {age(seen.paused.at)}: “{seen.paused.reason}”."
            " Nothing more is begun until somebody resumes the kind."
        )
    when = ago(saga.wake_at) if saga.wake_at > timezone.now() else "now"
    step = seen.step
    gate = seen.gates.get(step.provider) if step else None
    provider = gate.provider if gate else "its provider"
    reasons: dict[str, Callable[[], str]] = {
        Wait.READY: lambda: f"It is due {when}.",
        Wait.AT_WORK: lambda: f"A worker is at it. If it dies, another takes over {when}.",
        Wait.RETRY: lambda: f"The next try is {when}.",
        Wait.TIMER: lambda: f"It goes on {when}, as planned.",
        Wait.GATE: lambda: (
            f"It waits for {provider}, which refuses everybody, and asks again {when}. Waiting uses"
            " up no attempts."
        ),
    }
    return reasons[Wait(saga.wait)]()


def _trouble(seen: Seen) -> tuple[str, str]:
    """How it looks, and what a person must do of one that is under way."""
    saga = seen.saga
    if seen.paused:
        return "warn", "Resume the kind once the reason is gone."
    if is_overdue(saga):
        return "bad", (
            f"It has been due for {age(saga.wake_at)}, and no worker has taken it. See on the"
            " overview which process is silent, or go on with it in a shell: manage.py saga run"
        )
    if saga.wait == Wait.GATE:
        return "warn", "Find out why the provider refuses everybody; all that waits then goes on."
    if is_stalled(saga):
        return "warn", "Find out why it keeps failing. Once that is mended, it goes on by itself."
    if saga.first_failed_at or saga.state == State.COMPENSATING:
        return "warn", NOTHING_TO_DO
    return "info", NOTHING_TO_DO


def no_return(seen: Seen) -> tuple[str, str]:
    """Whether its point of no return is passed, and what that means for it."""
    saga = seen.saga
    if saga.pivot_at:
        return "passed", f"{saga.pivot_at:%Y-%m-%d %H:%M}"
    if not any(each.kind == "pivot" for each in seen.steps):
        return "none", "it has no such step"
    if saga.finished_at or saga.goes_back:
        return "not passed", ""
    return "not passed", "it can be taken back"


def due(saga: Saga) -> str:
    """When it goes on by itself; blank where it doesn't."""
    if saga.state not in Saga.ACTIVE:
        return ""
    return ago(saga.wake_at) if saga.wake_at > timezone.now() else f"due for {age(saga.wake_at)}"


def is_overdue(saga: Saga) -> bool:
    late = timezone.now() - timedelta(seconds=config().saga_lag)
    return saga.state in Saga.ACTIVE and saga.wake_at < late


def is_stalled(saga: Saga) -> bool:
    """Its step has been failing for long; of one at a gate nobody knows, for it wasn't tried."""
    since, long = saga.first_failed_at, timedelta(seconds=config().saga_stalled)
    tried = saga.state in Saga.ACTIVE and saga.wait != Wait.GATE
    return tried and since is not None and since < timezone.now() - long


def late(saga: Saga, *, kind_is_paused: bool) -> str:
    """In a word; blank where all is as it should be."""
    if kind_is_paused and saga.state in Saga.ACTIVE:
        return "its kind is paused"
    return "overdue" if is_overdue(saga) else "stalled" if is_stalled(saga) else ""
