"""The numbers of the operators' pages, one query each, all of them as of now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.fields import TextField
from django.db.models.functions import TruncDate
from django.utils import timezone

from integrity.invariants.declare import invariants
from integrity.invariants.triggers import STATE
from integrity.models import (
    Heartbeat,
    OutboxMessage,
    PromisedTrigger,
    ProviderGate,
    Run,
    RunResult,
    Saga,
)
from integrity.models.runs import Severities
from integrity.slots import due_slots

SQL = Path(__file__).parent / "sql"
_LATEST = (SQL / "latest_results.sql").read_text()
_COUNTS = (SQL / "finding_counts.sql").read_text()
_DAYS = (SQL / "violations_by_day.sql").read_text()
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Latest:
    """What one invariant came to last, and the last time that every row was looked at."""

    invariant: str
    severity: int
    result: str
    count: int | None
    suspected: int
    reason: str
    seconds: float
    rows: int | None
    at: datetime
    run: int


@dataclass(frozen=True)
class Open:
    """The findings of one invariant that wait for somebody, and how many did a week ago."""

    invariant: str
    severity: int
    count: int
    week_ago: int
    oldest: datetime | None
    suspected: int
    regressed: int

    @property
    def change(self) -> int:
        return self.count - self.week_ago


@dataclass(frozen=True)
class Day:
    """Violations at the end of a day, by how bad they are; `unknown` invariants beside them."""

    day: date
    severe: int
    warnings: int
    infos: int
    unknown: int

    @property
    def total(self) -> int:
        return self.severe + self.warnings + self.infos


def latest_results() -> dict[str, Latest]:
    return {row[0]: Latest(*row) for row in _rows(_LATEST, {"names": invariants.names()})}


def open_findings() -> list[Open]:
    """The worst first; invariants without a finding now and a week ago are left out."""
    return [Open(*row) for row in _rows(_COUNTS, {"week": WEEK})]


def violations_by_day(days: int) -> list[Day]:
    """Each day of the last so many on which something was checked, the oldest first."""
    return [Day(*row) for row in _rows(_DAYS, {"days": timedelta(days=days)})]


def last_sweep() -> Run | None:
    """The last check of everything that ended as it should."""
    done = Run.objects.filter(kind=Run.Kind.CHECK, scope="all", state=Run.State.SUCCEEDED)
    return done.order_by("-started_at").first()


@dataclass(frozen=True)
class Night:
    """One day of the strip of sweeps: the run of its slot, if there was one."""

    day: date
    run: Run | None
    due: bool

    @property
    def word(self) -> str:
        if self.run is None:
            return "missed" if self.due else "not due"
        if self.run.state in Run.GAVE_UP:
            return str(self.run.state)
        return str(self.run.status or self.run.state)


def nights(count: int, *, now: datetime | None = None) -> list[Night]:
    """The sweep of each of the last days (UTC), by the due time it stands for."""
    now = now or timezone.now()
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=count - 1)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    runs = Run.objects.filter(started_at__gte=begin, slot__gte=begin).order_by("slot", "started_at")
    by_day = {run.slot.astimezone(UTC).date(): run for run in runs if run.slot}
    known_since = _first_sweep()
    return [
        Night(day, by_day.get(day), bool(known_since and known_since < day < today))
        for day in (first + timedelta(days=number) for number in range(count))
    ]


def _first_sweep() -> date | None:
    first: datetime | None = Run.objects.filter(slot__isnull=False).aggregate(at=Min("slot"))["at"]
    return first and first.astimezone(UTC).date()


@dataclass(frozen=True)
class Outbox:
    waiting: int
    dead: int
    oldest_due: datetime | None


def outbox() -> Outbox:
    """What is promised and due, and what was given up."""
    row: dict[str, Any] = OutboxMessage.objects.aggregate(
        waiting=_count(~Q(state=OutboxMessage.State.DEAD)),
        dead=_count(Q(state=OutboxMessage.State.DEAD)),
        oldest_due=Min(
            "available_at",
            filter=Q(state=OutboxMessage.State.PENDING, available_at__lt=timezone.now()),
        ),
    )
    return Outbox(**row)


@dataclass(frozen=True)
class Sagas:
    under_way: int
    need_a_person: int
    retry: int
    gates: int


def sagas() -> Sagas:
    """Of those under way how many stand still or keep failing, and how many providers refuse all."""
    under_way = Saga.objects.filter(finished_at=None)
    row: dict[str, int] = under_way.aggregate(
        under_way=Count("pk"),
        need_a_person=_count(Q(state=Saga.State.ATTENTION)),
        retry=_count(Q(state__in=Saga.ACTIVE, first_failed_at__isnull=False)),
    )
    return Sagas(**row, gates=ProviderGate.objects.filter(shut_until__isnull=False).count())


@dataclass(frozen=True)
class Trigger:
    table: str
    name: str
    became: str

    @property
    def astray(self) -> bool:
        return self.became != "as promised"


def triggers() -> list[Trigger]:
    """Each promised trigger with what became of it, the broken ones first."""
    became = RawSQL(STATE, [], output_field=TextField())
    found: Any = PromisedTrigger.objects.annotate(became=became)
    each = [Trigger(*row) for row in found.values_list("table", "name", "became")]
    return sorted(each, key=lambda one: (not one.astray, one.table, one.name))


def heartbeats() -> list[Heartbeat]:
    return list(Heartbeat.objects.order_by("name"))


def next_sweeps(count: int = 5) -> list[datetime]:
    now = timezone.now()
    return list(islice(due_slots(after=now, until=now + timedelta(days=count + 2)), count))


@dataclass(frozen=True)
class Trend:
    """One invariant on one day."""

    day: date
    most: int | None
    seconds: float
    broken: int
    unknown: int
    checks: int


def trend(name: str, *, days: int) -> list[Trend]:
    since = timezone.now() - timedelta(days=days)
    rows: QuerySet[RunResult, dict[str, Any]] = (
        RunResult.objects.filter(invariant=name, at__gte=since)
        .values(day=TruncDate("at", tzinfo=UTC))
        .annotate(
            most=Max("count"),
            slowest=Max("seconds"),
            broken=_count(Q(result="broken")),
            unknown=_count(Q(result="unknown")),
            checks=_count(Q()),
        )
        .order_by("day")
    )
    return [
        Trend(
            each["day"],
            each["most"],
            each["slowest"],
            each["broken"],
            each["unknown"],
            each["checks"],
        )
        for each in rows
    ]


def by_severity(found: Sequence[Open]) -> dict[str, int]:
    """How many findings wait for somebody, by how bad they are."""
    totals = {severity.label: 0 for severity in reversed(Severities)}
    for each in found:
        totals[Severities(each.severity).label] += each.count
    return totals


def _count(condition: Q) -> Any:
    return Count("pk", filter=condition) if condition else Count("pk")


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
