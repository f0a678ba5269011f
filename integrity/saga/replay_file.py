"""The file of an export: a line of JSON for each that was ended for good, and a last one that counts them.

It is written and read line by line. One that was cut off is read as far as it goes: after a fire it may
be all that there is.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from integrity.saga.replay import NotALine, replays

COUNT = "lines_before_this"
CUT_OFF = (
    "The file was cut off: its last line is missing, or counts others than are in it. What is in it is"
    " read; look for a whole one, older or newer, and call this with that as well."
)


def as_lines() -> Iterator[str]:
    count = 0
    for each in replays:
        for line in each.export():
            yield json.dumps({"of": each.name, **line}) + "\n"
            count += 1
    yield json.dumps({COUNT: count}) + "\n"


def in_file(path: str | None, *, of: str) -> Iterator[dict[str, Any]]:
    """The lines of one replay; none without a file.

    Raises:
        NotALine, OSError
    """
    return (line for line in _lines(path) if line.get("of") == of) if path else iter(())


def is_whole(path: str) -> bool:
    """
    Raises:
        NotALine, OSError
    """
    count, told = 0, None
    for line in _lines(path):
        if COUNT in line:
            told = line[COUNT]
        else:
            count += 1
    return told == count


def _lines(path: str) -> Iterator[dict[str, Any]]:
    known = set(replays.names())
    with Path(path).open("rb") as file:
        for number, text in enumerate(file, start=1):
            line = _read(text)
            if line is None and not text.endswith(b"\n") and number > 1:
                return
            if line is None or not (COUNT in line or line.get("of") in known):
                raise NotALine(f"line {number}: {NotALine.__doc__}")
            yield line


def _read(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
