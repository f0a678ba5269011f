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


def zone_of(name: str) -> ZoneInfo:
    """A zone that this machine doesn't know counts as UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_in(time_zone: str, *, at: datetime) -> date:
    return at.astimezone(zone_of(time_zone)).date()


def today_at(wedding: Wedding) -> date:
    return day_in(wedding.time_zone, at=timezone.now())


def days_left(wedding: Wedding) -> int | None:
    """None while the date is open; below zero once they are married."""
    return (wedding.date - today_at(wedding)).days if wedding.date else None


def streak_on(today: date, *, last: date | None, days: int) -> int:
    """The days in a row on which the couple did something, today included."""
    if last is None:
        return 1
    if last >= today:
        return max(days, 1)
    return days + 1 if last == today - timedelta(days=1) else 1
