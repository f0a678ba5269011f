"""Two connections at once: one stops before each of its statements while the other one runs.

The schedules are linear in the number of statements, in both orders. What happens inside one
statement (rows locked in another order, a trigger's own queries) is not told apart.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections

from integrity.drill.boundaries import BEFORE, COMMIT, Boundary, watch
from integrity.drill.core import Answer, Trigger
from integrity.drill.faults import terminate_backend
from integrity.drill.observer import from_outside, observer
from integrity.drill.promises import broken_invariants, prepare
from integrity.drill.report import PairReport, Schedule

PATIENCE = 30.0
POLL = 0.002
C = TypeVar("C")
Act = Callable[[C], object]


@dataclass(frozen=True, kw_only=True)
class Pair(Generic[C]):
    """Two calls that may meet.

    Args:
        setup: makes fresh data of its own, shared by both.
        first, second: the calls. Give both the same function to let it meet itself.
        verdict: given the context and the answers of first and second, in words what is wrong
            with the final state, or an empty text.
        alike: both are the same call, so that the other order would show the same again.
    """

    name: str
    setup: Callable[[], C]
    first: Act[C]
    second: Act[C]
    verdict: Callable[[C, Answer, Answer], str]
    invariants: Callable[[], Collection[str]] = broken_invariants
    alike: bool = False


def interleave(
    pair: Pair[C], *, part: tuple[int, int] = (0, 1), until_a_problem: bool = False
) -> PairReport:
    """Every schedule of the pair, in both orders unless they are alike.

    Args:
        part: (k, n) stops at every n-th boundary from the k-th on, counted from 0.
        until_a_problem: the first schedule that shows one is the last one.
    """
    prepare()
    schedules = []
    with observer():
        for schedule in _schedules(pair, part):
            schedules.append(schedule)
            if until_a_problem and schedule.problems:
                break
    return PairReport(pair.name, schedules)


def _schedules(pair: Pair[C], part: tuple[int, int]) -> Iterator[Schedule]:
    first, step = part
    for stopped in ("first",) if pair.alike else ("first", "second"):
        for boundary in _stops(pair, stopped)[first::step]:
            yield _schedule(pair, boundary, stopped=stopped)


def _stops(pair: Pair[C], stopped: str) -> list[Boundary]:
    """Where a clean, lonely run of this side can be stopped; run twice to fill the caches.

    Once it has committed for the last time, there is nothing left to meet.
    """
    act: Act[C] = getattr(pair, stopped)
    for _ in range(2):
        recorder = Trigger()
        context = pair.setup()
        with watch(recorder):
            act(context)
    passed = recorder.passed
    commits = [boundary.number for boundary in passed if boundary.label == COMMIT]
    end = max(commits, default=len(passed))
    return [boundary for boundary in passed[:end] if boundary.when == BEFORE]


class _Side(Thread):
    """One of the two callers, on a connection of its own."""

    def __init__(self, call: Callable[[], object], *, stop_at: int = 0) -> None:
        super().__init__(daemon=True)
        self.call = call
        self.answer = Answer()
        self.pid = 0
        self.stopped, self.go_on, self.done = Event(), Event(), Event()
        self.trigger = Trigger(stop_at, self._hold)

    def run(self) -> None:
        try:
            with watch(self._visit):
                self.call()
        except Exception as error:  # noqa: BLE001 - the verdict judges it
            self.answer = Answer(error=error)
        finally:
            connections.close_all()
            self.done.set()

    def _visit(self, label: str, when: str) -> None:
        driver: Any = connection.connection
        self.pid = driver.info.backend_pid if driver else 0
        self.trigger(label, when)

    def _hold(self) -> None:
        self.stopped.set()
        self.go_on.wait(PATIENCE)

    def wait_for_stop(self) -> None:
        _poll(lambda: self.stopped.wait(POLL) or self.done.is_set())

    def wait_for_end_or_block(self) -> bool:
        """Whether it waits for somebody's lock."""
        _poll(lambda: self.done.wait(POLL) or _is_blocked(self.pid))
        return not self.done.is_set()


def _schedule(pair: Pair[C], boundary: Boundary, *, stopped: str) -> Schedule:
    context = pair.setup()
    connections.close_all()
    stops = {stopped: boundary.number}
    sides = [
        _Side(lambda: pair.first(context), stop_at=stops.get("first", 0)),
        _Side(lambda: pair.second(context), stop_at=stops.get("second", 0)),
    ]
    waiting, running = sides if stopped == "first" else sides[::-1]
    waiting.start()
    waiting.wait_for_stop()
    running.start()
    waited = running.wait_for_end_or_block()
    waiting.go_on.set()
    problems = _join(sides)
    if not waiting.stopped.is_set():
        problems.append("this point was planned and never reached")
    answers = [side.answer for side in sides]
    problems += _final(pair, context, answers)
    return Schedule(stopped, boundary, [str(answer) for answer in answers], waited, problems)


def _join(sides: Sequence[_Side]) -> list[str]:
    for side in sides:
        side.join(PATIENCE)
    hung = [side for side in sides if side.is_alive()]
    for side in hung:
        terminate_backend(side.pid)
        side.join(PATIENCE)
    return ["it hung and its session was ended" for _ in hung]


def _final(pair: Pair[C], context: C, answers: Sequence[Answer]) -> list[str]:
    with from_outside():
        verdict = pair.verdict(context, *answers)
        broken = [f"invariant broken: {name}" for name in sorted(pair.invariants())]
    return [verdict, *broken] if verdict else broken


def _is_blocked(pid: int) -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return bool(cursor.fetchone()[0])


def _poll(settled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not settled() and time.monotonic() < deadline:
        pass
