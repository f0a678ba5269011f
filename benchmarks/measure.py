"""Time cells side by side, in shuffled rounds, and print them as ratios to the first one."""

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from django.db import connection

NOISY_LOAD = 1.5
NOISY_SPREAD = 0.3


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds of each cell, and couples in the tables."""

    rounds: int
    users: int


@dataclass
class Cell:
    """One way of doing the same thing.

    Args:
        run: does it `operations` times and asserts that it was done.
        before: brings back the state to start from; not timed.
        after: takes back what `before` changed; not timed.
        elsewhere: other processes do it, so its rate is shown and not this one's time on the CPU.
    """

    name: str
    run: Callable[[], None]
    operations: int
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    elsewhere: bool = False
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def compare(title: str, cells: Sequence[Cell], *, rounds: int) -> None:
    """Run each cell once to warm up and then `rounds` times. The first cell is the floor."""
    shuffle = random.Random(title).shuffle
    load = os.getloadavg()[0]
    for number in range(rounds + 1):
        order = list(cells)
        shuffle(order)
        for cell in order:
            _time(cell, keep=number > 0)
    _print(title, cells, load=load)


def _time(cell: Cell, *, keep: bool) -> None:
    cell.before()
    wall, cpu = time.perf_counter(), _cpu_seconds()
    cell.run()
    wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
    cell.after()
    if keep:
        cell.wall.append(wall / cell.operations)
        cell.cpu.append(cpu / cell.operations)


def _cpu_seconds() -> float:
    """On-CPU time of this process and of its database session, where /proc shows the latter."""
    connection.ensure_connection()
    schedule = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    on_cpu = int(schedule.read_text().split()[0]) / 1e9 if schedule.exists() else 0.0
    return time.process_time() + on_cpu


def _print(title: str, cells: Sequence[Cell], *, load: float) -> None:
    floor = cells[0]
    print(f"\n{title}")
    print(f"{'':46}{'wall us':>11}{'min':>11}{'max':>11}{'ratio':>8}{'cpu us':>11}{'ratio':>8}")
    for cell in cells:
        wall = median(cell.wall) * 1e6
        print(
            f"{cell.name:46}{wall:11,.0f}{min(cell.wall) * 1e6:11,.0f}{max(cell.wall) * 1e6:11,.0f}"
            f"{median(cell.wall) / median(floor.wall):8.2f}{_effort(cell, floor)}"
        )
    print(f"per operation; load average {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    spread = (max(floor.wall) - min(floor.wall)) / median(floor.wall)
    if load > NOISY_LOAD or spread > NOISY_SPREAD:
        print(f"INCONCLUSIVE: the load was {load:.1f}, the floor's spread {spread:.0%}")
    sys.stdout.flush()


def _effort(cell: Cell, floor: Cell) -> str:
    if cell.elsewhere:
        return f"{1 / median(cell.wall):11,.0f} per s"
    return f"{median(cell.cpu) * 1e6:11,.0f}{median(cell.cpu) / median(floor.cpu):8.2f}"
