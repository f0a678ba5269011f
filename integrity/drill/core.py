"""The fault drill: break a write at every boundary, then look whether it is whole.

Free of test frameworks. A scenario writes into the database it runs on, so never on a real one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connections

from integrity.drill.boundaries import Boundary, watch
from integrity.drill.faults import FAULTS, KILLED, Fault, run_in_child
from integrity.drill.observer import from_outside, observer
from integrity.drill.promises import broken_invariants, prepare
from integrity.drill.report import Report, Shot
from integrity.flows import AlreadyDone, Busy
from integrity.transactions import CommitNotConfirmed

ALL = "all"
NOTHING = "nothing"
NOT_REACHED = "this point was planned and never reached"
HONEST = (Error, AlreadyDone, Busy, CommitNotConfirmed)
C = TypeVar("C")
Rehearsal = tuple[list[Boundary], list[str]]


def _none(_: object) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Scenario(Generic[C]):
    """A write as its caller makes it, and how to tell that it is whole.

    Args:
        flows: the names of the flows that it covers.
        setup: makes fresh data of its own and returns what the others need.
        act: calls the product as a user would; called again with the same context it is the
            user's second try, so an operation key belongs into the context.
        whole: "all", "nothing", or in words what is half. Promised effects count: an outbox row
            is there if and only if the rows that promise it are.
        refusals: the product's own exceptions that are an honest answer.
        done_before: those among them that tell the second try that the first has done it.
        invariants: the names of those that don't hold now.
        excused: invariants that may be broken in this state, for a failure that is meant to be
            soft.
    """

    name: str
    flows: tuple[str, ...]
    setup: Callable[[], C]
    act: Callable[[C], object]
    whole: Callable[[C], str]
    refusals: tuple[type[Exception], ...] = ()
    done_before: tuple[type[Exception], ...] = ()
    invariants: Callable[[], Collection[str]] = broken_invariants
    excused: Callable[[C], Collection[str]] = _none


@dataclass(frozen=True)
class Answer:
    """How a call ended, as its caller saw it. `killed`: nobody was left to see it."""

    error: Exception | None = None
    killed: bool = False

    @property
    def success(self) -> bool:
        """Whether the caller was told that it is saved."""
        told = self.error is None or isinstance(self.error, AlreadyDone)
        return told and not self.killed

    def __str__(self) -> str:
        if self.killed:
            return "killed"
        return "returned" if self.error is None else type(self.error).__name__


class Trigger:
    """Strikes once, at its number, and remembers what it passed."""

    def __init__(self, number: int = 0, strike: Callable[[], None] | None = None) -> None:
        self.number = number
        self.strike = strike
        self.passed: list[Boundary] = []

    def __call__(self, label: str, when: str) -> None:
        self.passed.append(Boundary(len(self.passed) + 1, label, when))
        if self.strike and len(self.passed) == self.number:
            self.strike()

    @property
    def reached(self) -> bool:
        return len(self.passed) >= self.number


def drill(
    scenario: Scenario[C],
    kind: str,
    *,
    points: Iterable[int] | None = None,
    part: tuple[int, int] = (0, 1),
    rehearsed: Rehearsal | None = None,
) -> Report:
    """Break the scenario by this kind of fault, at every boundary or at the points named.

    Args:
        part: (k, n) takes every n-th boundary from the k-th on, counted from 0.
        rehearsed: of this scenario in this process, where several kinds follow each other.

    Raises:
        IndexError: a point named is none of this scenario's.
    """
    boundaries, problems = rehearsed or rehearse(scenario)
    fault = FAULTS[kind]
    first, step = part
    chosen = fault.chosen(boundaries)[first::step]
    if points is not None:
        chosen = [boundaries[number - 1] for number in points]
    with observer():
        shots = list(_shots(scenario, fault, chosen))
    return Report(scenario.name, kind, boundaries, shots, problems)


def rehearse(scenario: Scenario[C]) -> Rehearsal:
    """The boundaries of a clean run, and what is wrong before anything is broken.

    The first run fills caches that would move the numbers of the second one.
    """
    prepare()
    with observer():
        _clean_run(scenario)
        return _clean_run(scenario)


def _clean_run(scenario: Scenario[C]) -> Rehearsal:
    context = scenario.setup()
    before = scenario.whole(context)
    recorder = Trigger()
    answer = _answer(lambda: _watched(scenario, context, recorder))
    problems = [] if before == NOTHING else [f"before it began, the state was: {before}"]
    if not answer.success:
        problems.append(f"it ended with {answer.error!r}")
    problems += _look(scenario, context, answer)[1]
    return recorder.passed, problems + _try_again(scenario, context)


def shoot(scenario: Scenario[C], fault: Fault, boundary: Boundary) -> Shot:
    """Break one run at one boundary, look from a fresh connection, then try again as a user."""
    return next(_shots(scenario, fault, [boundary]))


def _shots(scenario: Scenario[C], fault: Fault, chosen: Sequence[Boundary]) -> Iterator[Shot]:
    """One submission is broken at one point after the other until something has happened.

    So each shot that changed nothing is followed by the user's next try, and the try after the
    last one is not broken: it must find, or make, exactly one whole.
    """
    undone: list[C] = []
    for boundary in chosen:
        context = undone.pop() if undone else scenario.setup()
        shot = _break(scenario, fault, boundary, context)
        if shot.state == NOTHING and not shot.problems and boundary is not chosen[-1]:
            undone.append(context)
        elif not shot.problems:
            shot = replace(shot, problems=_try_again(scenario, context))
        yield shot


def _break(scenario: Scenario[C], fault: Fault, boundary: Boundary, context: C) -> Shot:
    trigger = Trigger(boundary.number, lambda: fault.strike(connections[DEFAULT_DB_ALIAS]))
    if fault.forks:
        code = run_in_child(lambda: _watched(scenario, context, trigger))
        answer, reached = Answer(killed=code == KILLED), code == KILLED
    else:
        answer = _answer(lambda: _watched(scenario, context, trigger))
        reached = trigger.reached
    state, problems = _look(scenario, context, answer)
    if not reached:
        problems.append(NOT_REACHED)
    if fault.survived and not answer.success:
        problems.append(f"a flow runs again after it, and this one ended with {answer}")
    return Shot(boundary, str(answer), state, problems)


def _watched(scenario: Scenario[C], context: C, trigger: Trigger) -> None:
    with watch(trigger):
        scenario.act(context)


def _answer(call: Callable[[], object]) -> Answer:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - judged below
        return Answer(error=error)
    return Answer()


def _look(scenario: Scenario[C], context: C, answer: Answer) -> tuple[str, list[str]]:
    """The state, and what is wrong with it or with what the caller was told."""
    with from_outside():
        state = scenario.whole(context)
        broken = set(scenario.invariants()) - set(scenario.excused(context))
    problems = [*_dishonest(scenario, answer, state)]
    if state not in (ALL, NOTHING):
        problems.append(f"half-made: {state}")
    return state, problems + [f"invariant broken: {name}" for name in sorted(broken)]


def _dishonest(scenario: Scenario[C], answer: Answer, state: str) -> Sequence[str]:
    if answer.success and state != ALL:
        return [f"success was reported, and the state is: {state}"]
    if isinstance(answer.error, Busy) and state != NOTHING:
        return [f"Busy promises that nothing was changed, and the state is: {state}"]
    if answer.error and not isinstance(answer.error, (*HONEST, *scenario.refusals)):
        return [f"no honest answer: {answer.error!r}"]
    return ()


def _try_again(scenario: Scenario[C], context: C) -> list[str]:
    answer = _answer(lambda: scenario.act(context))
    with from_outside():
        state = scenario.whole(context)
        broken = set(scenario.invariants()) - set(scenario.excused(context))
    problems = []
    if not (answer.success or isinstance(answer.error, scenario.done_before)):
        problems.append(f"the second try ended with {answer.error!r}")
    if state != ALL:
        problems.append(f"after the second try: {state}")
    return problems + [f"invariant broken by the second try: {name}" for name in sorted(broken)]
