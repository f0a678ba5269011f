"""What a drill saw, as a table for people, with the line that repeats a shot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from integrity.drill.boundaries import Boundary


@dataclass(frozen=True)
class Shot:
    """One run that was broken at one boundary. No problems means that it passed."""

    boundary: Boundary
    answer: str
    state: str
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """A scenario under one kind of fault. `problems` also holds those of the clean run."""

    scenario: str
    kind: str
    boundaries: Sequence[Boundary]
    shots: Sequence[Shot] = ()
    clean_problems: Sequence[str] = field(default=())

    @property
    def problems(self) -> list[str]:
        return [
            *(f"{self.scenario} (clean run): {problem}" for problem in self.clean_problems),
            *(f"{self.replay(shot)}: {p}" for shot in self.shots for p in shot.problems),
        ]

    def replay(self, shot: Shot) -> str:
        return f"{self.scenario} --kind {self.kind} --point {shot.boundary.number}"

    def __str__(self) -> str:
        head = f"{self.scenario}, {self.kind}: {len(self.shots)} shots, "
        head += f"{len(self.problems)} problems"
        rows = [
            (str(shot.boundary.number), str(shot.boundary), shot.answer, shot.state, _verdict(shot))
            for shot in self.shots
        ]
        return "\n".join([head, *table(("point", "boundary", "answer", "state", ""), rows)])


@dataclass(frozen=True)
class Schedule:
    """One interleaving: `stopped` waited at `boundary` while the other one ran."""

    stopped: str
    boundary: Boundary
    answers: Sequence[str]
    waited: bool
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class PairReport:
    pair: str
    schedules: Sequence[Schedule]

    @property
    def problems(self) -> list[str]:
        return [
            f"{self.pair}, {schedule.stopped} stopped {schedule.boundary}"
            f" (point {schedule.boundary.number}): {problem}"
            for schedule in self.schedules
            for problem in schedule.problems
        ]

    def __str__(self) -> str:
        rows = [
            (
                schedule.stopped,
                f"{schedule.boundary.number} {schedule.boundary}",
                "waited" if schedule.waited else "ran",
                " / ".join(schedule.answers),
                "; ".join(schedule.problems) or "ok",
            )
            for schedule in self.schedules
        ]
        head = f"{self.pair}: {len(rows)} schedules, {len(self.problems)} problems"
        return "\n".join([head, *table(("stopped", "at", "other", "answers", ""), rows)])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines in columns as wide as their widest cell."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def _verdict(shot: Shot) -> str:
    return "; ".join(shot.problems) or "ok"
