"""How long a vendor is left alone: as long as it asks for, and between two pages of a list."""

import itertools
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

T = TypeVar("T")
SHORTEST, LONGEST = 1.0, 3600.0


def seconds_to_wait(given: str | None, *, now: datetime | None = None) -> float:
    """Of a Retry-After header: seconds or a date (RFC 9110, 10.2.3), within bounds."""
    seconds = _seconds(given or "", now or datetime.now(UTC))
    return min(max(SHORTEST, seconds), LONGEST) if math.isfinite(seconds) else SHORTEST


def _seconds(given: str, now: datetime) -> float:
    try:
        return float(given)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return SHORTEST
    return (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()


def in_pages(listed: Iterator[T], size: int, *, pause: float) -> Iterator[list[T]]:
    """With a rest after each full page, for vendors count the calls."""
    while page := list(itertools.islice(listed, size)):
        yield page
        if len(page) == size:
            time.sleep(pause)
