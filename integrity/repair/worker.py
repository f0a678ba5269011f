"""Work through a plan chunk by chunk, as fast as is polite, and stop where somebody says so."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from integrity.conf import config
from integrity.flows import Busy
from integrity.repair.chunks import Chunk
from integrity.repair.errors import Stopped
from integrity.repair.plan import BROKEN_PROMISES, promise_of
from integrity.repair.writing import RowsMoved
from integrity.transactions import CommitNotConfirmed

CANARIES = (1, 10)
FIRST = 100
LARGEST = 50_000
# How often in a row somebody else may be in the way.
PATIENCE = 5
MAX_UNFIT = 0.05


@dataclass(frozen=True)
class Progress:
    """How far it is, in violating rows."""

    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate else None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the worker does, and who watches.

    Args:
        chunk: does so many subjects; told whether it is a canary.
        skip: leaves the next subject as it is, for this error.
        left: how many subjects are left, by the database.
        unfit: how many changes couldn't be made, and of how many.
        stop: whether to stop after the chunk in hand.
    """

    chunk: Callable[[int, bool], Chunk]
    skip: Callable[[str], None]
    left: Callable[[], int]
    unfit: Callable[[], tuple[int, int]]
    canaries: tuple[int, ...] = ()
    watch: Callable[[Progress], None] = lambda progress: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class _Pace:
    """Sizes: the canaries, then what fits into the time a chunk may take."""

    canaries: list[int]
    size: int = FIRST
    troubles: int = field(default=0)

    def next(self) -> int:
        return self.canaries[0] if self.canaries else self.size

    @property
    def canary(self) -> bool:
        return bool(self.canaries)

    def took(self, seconds: float) -> None:
        self.troubles = 0
        if self.canaries:
            self.canaries.pop(0)
            return
        factor = config().repair_chunk / max(seconds, 0.001)
        self.size = max(1, min(LARGEST, int(self.size * min(4.0, max(0.25, factor)))))

    def in_the_way(self) -> None:
        self.troubles += 1
        self.size = max(1, self.size // 2)

    def refused(self) -> None:
        """Something among so many: look for it."""
        self.canaries = []
        self.size = max(1, self.size // 10)


def drive(work: Work) -> str:
    """Work until nothing is left. Returns "", or the state that somebody asked the run to take.

    Raises:
        Stopped: too much didn't fit, or others held the rows for too long.
    """
    pace, total, started = _Pace(list(work.canaries)), work.left(), time.monotonic()
    while left := work.left():
        work.watch(Progress(total - left, total, time.monotonic() - started))
        if work.stop():
            return "pausing"
        began = time.monotonic()
        done = _attempt(work, pace)
        if done is None:
            continue
        if done.wish:
            return done.wish
        seconds = time.monotonic() - began
        pace.took(seconds)
        _refuse_unfit(work)
        time.sleep(seconds * config().repair_rest)
    work.watch(Progress(total, total, time.monotonic() - started))
    return ""


def _attempt(work: Work, pace: _Pace) -> Chunk | None:
    """One chunk, or None if it has to be looked at again."""
    try:
        return work.chunk(pace.next(), pace.canary)
    except BROKEN_PROMISES as error:
        if pace.next() > 1:
            pace.refused()
            return None
        work.skip(promise_of(error))
        return Chunk(0, 1, "")
    except CommitNotConfirmed:
        # The cursor moved with the rows or not at all: a fresh connection knows.
        connection.close()
        pace.in_the_way()
    except (Busy, RowsMoved):
        pace.in_the_way()
    if pace.troubles >= PATIENCE:
        raise Stopped("Others held the rows for too long. What is done is whole: go on later.")
    return None


def _refuse_unfit(work: Work) -> None:
    unfit, of = work.unfit()
    if unfit > MAX_UNFIT * of:
        raise Stopped(
            f"{unfit:,} of {of:,} changes no longer fit: that is more than 5 %. Plan again."
        )
