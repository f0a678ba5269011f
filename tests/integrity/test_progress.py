"""Progress on stderr: written over on a terminal, a line now and then elsewhere."""

from io import StringIO

import pytest

from integrity.progress import line, progress_line
from integrity.repair.worker import Progress


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(310, 500, 2.0), " 62 %  310/500  155 rows/s  ETA 00:01"),
        (Progress(0, 500, 0.0), "  0 %  0/500  0 rows/s  ETA --:--"),
        (Progress(1000, 61_000, 1.0), "  1 %  1,000/61,000  1,000 rows/s  ETA 01:00"),
    ],
)
def test_says_how_many_how_fast_and_how_long(progress, text):
    assert line(progress) == text


def told(stream, *times):
    now = iter([0.0, *(each for time in times for each in (time, time))])
    tell = progress_line("mend", stream, clock=lambda: next(now))
    for time in times:
        tell(Progress(int(time), 100, time))
    return stream.getvalue()


def test_elsewhere_than_on_a_terminal_a_line_comes_every_ten_seconds():
    assert told(StringIO(), 11.0, 22.0).splitlines() == [
        "mend  11 %  11/100  1 rows/s  ETA 01:29",
        "mend  22 %  22/100  1 rows/s  ETA 01:18",
    ]


def test_a_terminal_is_written_over_and_left_with_a_line_at_the_end():
    text = told(Terminal(), 50.0, 100.0)
    assert text.count("\r") == 2
    assert text.endswith("ETA 00:00\x1b[K\n")
