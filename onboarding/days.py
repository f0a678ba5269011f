"""Days as the couple count them: in the time zone of their wedding."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils import timezone

from accounts.models import Wedding

_REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@cache
def time_zones() -> tuple[str, ...]:
    """The zones to choose from: UTC and places, without the historical abbreviations."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(_REGIONS)))


def day_in(time_zone: str, *, at: datetime) -> date:
    """The date at that moment. A zone that this machine doesn't know counts as UTC."""
    try:
        return at.astimezone(ZoneInfo(time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return at.date()


def today_at(wedding: Wedding) -> date:
    return day_in(wedding.time_zone, at=timezone.now())


def days_left(wedding: Wedding) -> int | None:
    """None while the date is open; never below zero."""
    if wedding.date is None:
        return None
    return max((wedding.date - today_at(wedding)).days, 0)


def streak_on(today: date, *, last: date | None, days: int) -> int:
    """The days in a row on which the couple did something, today included."""
    if last is None:
        return 1
    if last >= today:
        return max(days, 1)
    return days + 1 if last == today - timedelta(days=1) else 1
