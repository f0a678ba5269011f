"""How long a vendor asks to be left alone."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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
