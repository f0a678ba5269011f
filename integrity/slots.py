"""When a sweep is due: by the schedule that operators may edit, or daily without one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.apps import apps

from integrity.conf import config
from integrity.models import Run

TASK = "integrity.tasks.sweep"
LOOK_BACK = timedelta(hours=36)
MINUTE = timedelta(minutes=1)


class Schedule(Protocol):
    def is_due(self, minute: datetime) -> bool: ...


class Daily:
    def is_due(self, minute: datetime) -> bool:
        return (minute.hour, minute.minute) == (config().sweep_hour, 0)


class Cron:
    """A line of cron as django-celery-beat keeps it, in its own time zone."""

    def __init__(self, crontab: Any) -> None:
        self._zone = ZoneInfo(str(crontab.timezone))
        self._schedule = crontab.schedule

    def is_due(self, minute: datetime) -> bool:
        local, due = minute.astimezone(self._zone), self._schedule
        return (
            local.minute in due.minute
            and local.hour in due.hour
            and local.isoweekday() % 7 in due.day_of_week
            and local.day in due.day_of_month
            and local.month in due.month_of_year
        )


def schedule() -> Schedule:
    """Also where an operator has switched it off: then its slots are missed, and that is said."""
    if apps.is_installed("django_celery_beat"):
        tasks = apps.get_model("django_celery_beat", "PeriodicTask")._default_manager
        task: Any = tasks.filter(task=TASK, crontab__isnull=False).order_by("pk").first()
        if task is not None:
            return Cron(task.crontab)
    return Daily()


def due_slots(*, after: datetime, until: datetime) -> Iterator[datetime]:
    """The minutes after one time and up to another at which a sweep is due, oldest first."""
    due = schedule()
    minute = after.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
    while minute <= until:
        if due.is_due(minute):
            yield minute
        minute += MINUTE


def latest_slot(now: datetime) -> datetime | None:
    """The due time that a sweep of now stands for; None where none is scheduled."""
    return max(due_slots(after=now - LOOK_BACK, until=now), default=None)


def missed_slots(now: datetime, *, installed_at: datetime) -> list[datetime]:
    """Due times of the last 36 hours whose grace is over and that have no run."""
    grace = timedelta(seconds=config().sweep_grace)
    due = list(due_slots(after=max(now - LOOK_BACK, installed_at), until=now - grace))
    filled = Run.objects.filter(slot__in=due).exclude(state__in=Run.GAVE_UP)
    return sorted(set(due) - set(filled.values_list("slot", flat=True)))
