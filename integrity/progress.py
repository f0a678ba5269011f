"""How far it is, on stderr: a line that is written over on a terminal, else one every 10 s."""

import time
from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def seconds_left(self) -> float | None: ...


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


def progress_line(
    what: str, stream: Stream, *, clock: Callable[[], float] = time.monotonic
) -> Callable[[Progress], None]:
    """What a worker tells its progress to."""
    terminal = stream.isatty()
    every = 0.2 if terminal else 10.0
    last = [clock()]

    def tell(progress: Progress) -> None:
        over = progress.done >= progress.total
        if clock() - last[0] < every and not (terminal and over):
            return
        last[0] = clock()
        text = f"{what} {line(progress)}"
        stream.write(f"\r{text}\x1b[K" + ("\n" if over else "") if terminal else f"{text}\n")
        stream.flush()

    return tell


def line(progress: Progress) -> str:
    """`62 %  310/500  181 rows/s  ETA 00:01`"""
    share = progress.done * 100 // max(1, progress.total)
    left = progress.seconds_left
    eta = "--:--" if left is None else f"{int(left) // 60:02}:{int(left) % 60:02}"
    counts = f"{progress.done:,}/{progress.total:,}"
    return f"{share:3} %  {counts}  {progress.rate:,.0f} rows/s  ETA {eta}"
