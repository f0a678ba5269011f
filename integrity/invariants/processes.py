"""What holds only while scheduler, workers and sweeps do their work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import CharField, F, Max, Min, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Concat, Now

from integrity.conf import config
from integrity.invariants.custom import invariant
from integrity.invariants.declare import Observation, Observed, Severity, declare, invariants
from integrity.models import FlowOutcome, Heartbeat, RunResult
from integrity.slots import missed_slots

Outcome = FlowOutcome.Outcome
FEWEST, SHARE = 3, 20


@invariant(
    "integrity.every_process_gives_signs_of_life",
    statement="The scheduler, a worker and the relay have done something lately.",
    severity=Severity.ERROR,
    live=True,
)
def every_process_gives_signs_of_life() -> QuerySet[Heartbeat]:
    silent = Heartbeat.objects.filter(at__lt=Now() - timedelta(seconds=config().silence))
    shown: QuerySet[Heartbeat] = silent.annotate(actual=F("at"))
    return shown


@invariant(
    "integrity.no_flow_keeps_failing",
    statement="In no hour of the last day did a flow fail three times and one time in twenty.",
    severity=Severity.WARNING,
    live=True,
)
def no_flow_keeps_failing() -> QuerySet[FlowOutcome]:
    same_hour = FlowOutcome.objects.filter(flow=OuterRef("flow"), hour=OuterRef("hour"))
    runs = Subquery(same_hour.values("flow").annotate(runs=Sum("count")).values("runs"))
    failing: QuerySet[FlowOutcome] = (
        FlowOutcome.objects.annotate(runs=runs)
        .filter(
            outcome__in=[Outcome.FAILED, Outcome.UNCONFIRMED, Outcome.BUSY],
            hour__gte=Now() - timedelta(days=1),
            count__gte=FEWEST,
            runs__lte=F("count") * SHARE,
        )
        .annotate(
            actual=Concat(
                Cast("count", CharField()),
                Value(" of "),
                Cast("runs", CharField()),
                Value(" runs "),
                F("outcome"),
                output_field=CharField(),
            )
        )
    )
    return failing


@dataclass(frozen=True, eq=False, kw_only=True)
class EverySweepWasMade(Observation):
    """A due time without a run: the scheduler, the broker or every worker was away."""

    def observe(self) -> list[Observed]:
        installed = MigrationRecorder.Migration.objects.filter(app="integrity")
        installed_at = installed.aggregate(first=Min("applied"))["first"]
        missed = missed_slots(_now(), installed_at=installed_at or _now())
        return [Observed(f"sweep:{each:%Y-%m-%dT%H:%MZ}", {"expected": each}) for each in missed]


@dataclass(frozen=True, eq=False, kw_only=True)
class EveryInvariantWasProven(Observation):
    """An invariant whose last complete look is too long ago is neither kept nor broken."""

    def observe(self) -> list[Observed]:
        return [
            Observed(f"invariant:{name}", {"expected": due, "actual": at})
            for name, at, due in self._overdue()
        ]

    def _overdue(self) -> Iterator[tuple[str, datetime, datetime]]:
        due = _now() - timedelta(seconds=config().sweep_overdue)
        last: QuerySet[Any, Any] = (
            RunResult.objects.filter(complete=True, invariant__in=invariants.names())
            .values("invariant")
            .annotate(last=Max("at"))
            .order_by("invariant")
        )
        for row in last.filter(last__lt=due):
            yield row["invariant"], row["last"], due


def _now() -> datetime:
    """By the database's clock, like everything that is compared with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
        return now


declare(
    EverySweepWasMade(
        "integrity.every_sweep_was_made",
        statement="Every sweep that was due in the last 36 hours has its run.",
        live=True,
    )
)
declare(
    EveryInvariantWasProven(
        "integrity.every_invariant_was_proven_lately",
        statement="Every invariant was looked at completely within the last 26 hours.",
        severity=Severity.WARNING,
        live=True,
    )
)
