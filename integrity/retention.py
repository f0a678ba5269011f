"""History is kept for 90 days and then purged, a thousand rows at a time.

Never purged: findings that are not resolved, the audit log, repairs, and of each invariant the
newest results, however old they are. The rows that a repair keeps for its undo go when the time for
that is over: they may be personal. What counters counted is kept as one sum of what was earlier.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from integrity.audit import Actor
from integrity.conf import config
from integrity.leases import begin, finish, give_up, held
from integrity.models import (
    Alert,
    AuditEntry,
    EffectCount,
    Finding,
    FlowOutcome,
    Incident,
    IncidentChange,
    PlannedChange,
    RepairPlan,
    Run,
    RunResult,
    Saga,
)
from integrity.transactions import transaction

BATCH = 1000
TOLERANCE = timedelta(minutes=5)


class ClockInDoubt(Exception):
    """The server's clock and the newest rows disagree, so nobody can say what is 90 days old."""


@dataclass(frozen=True)
class Expiring:
    """Rows of one table that are kept for a time; `older_than` picks those to purge.

    `fold` removes rows by their keys and keeps what they count; without it they are deleted.
    """

    name: str
    older_than: Callable[[datetime], "QuerySet[Any]"]
    fold: Callable[[Sequence[Any]], int] | None = None


def _results(cut: datetime) -> "QuerySet[RunResult]":
    """All but the newest of each invariant, and the newest complete one: guards compare with it."""
    later = RunResult.objects.filter(invariant=OuterRef("invariant"), at__gt=OuterRef("at"))
    superseded = Q(Exists(later.filter(complete=True))) | Q(Exists(later), complete=False)
    return RunResult.objects.filter(superseded, at__lt=cut)


def _runs(cut: datetime) -> "QuerySet[Run]":
    kept = RunResult.objects.filter(run=OuterRef("pk"))
    return Run.objects.filter(
        ~Exists(kept), kind__in=[Run.Kind.CHECK, Run.Kind.PURGE], finished_at__lt=cut
    )


def _journals(cut: datetime) -> "QuerySet[PlannedChange]":
    over = Q(undo_until__lt=Now())
    never_begun = Q(started_at=None, expires_at__lt=Now() - timedelta(days=1))
    plans = RepairPlan.objects.filter(over | never_begun).exclude(state__in=RepairPlan.AT_WORK)
    return PlannedChange.objects.filter(plan__in=plans)


def _alerts(cut: datetime) -> "QuerySet[Alert]":
    told = IncidentChange.objects.filter(alert=OuterRef("pk"))
    return Alert.objects.filter(~Exists(told), created_at__lt=cut)


def _outcomes(cut: datetime) -> "QuerySet[FlowOutcome]":
    return FlowOutcome.objects.filter(hour__lt=cut, hour__gt=FlowOutcome.EARLIER)


def _deliveries(cut: datetime) -> "QuerySet[EffectCount]":
    return EffectCount.objects.filter(day__lt=cut.date(), day__gt=EffectCount.EARLIER)


# In this order: a run goes after its results.
expiring = [
    Expiring("results", _results),
    Expiring("runs", _runs),
    Expiring("findings", lambda cut: Finding.objects.filter(resolved_at__lt=cut)),
    Expiring("incidents", lambda cut: Incident.objects.filter(resolved_at__lt=cut)),
    Expiring("alerts", _alerts),
    Expiring("flow outcomes", _outcomes, FlowOutcome.fold),
    Expiring("repair journals", _journals),
    Expiring("sagas", lambda cut: Saga.objects.filter(finished_at__lt=cut)),
    Expiring("delivery counts", _deliveries, EffectCount.fold),
]


def count_expired(*, days: int | None = None) -> dict[str, int]:
    """How many rows a purge would delete now. Raises ClockInDoubt."""
    cut = _cut(days)
    return {each.name: each.older_than(cut).count() for each in expiring}


def purge(*, by: Actor, days: int | None = None) -> dict[str, int]:
    """Delete what has expired, each batch in a transaction of its own. Returns how many of what.

    Raises:
        ClockInDoubt: nothing was deleted.
        AlreadyRunning: another purge is at work.
    """
    cut = _cut(days)
    run = begin(kind=Run.Kind.PURGE, scope="history", by=by)
    try:
        with held(run):
            counts = {each.name: _purge(each, cut) for each in expiring}
        finish(run, Run.State.SUCCEEDED, complete=True, detail=counts)
    except BaseException as error:
        give_up(run, error)
        raise
    return counts


def _purge(each: Expiring, cut: datetime) -> int:
    expired = each.older_than(cut)
    gone = each.fold or partial(_delete, expired)
    return sum(gone(batch) for batch in _batches(expired))


def _delete(expired: "QuerySet[Any]", keys: Sequence[Any]) -> int:
    """Those that still have expired: an incident or a finding may be open again by now."""
    with transaction():
        still = expired.filter(pk__in=keys).select_for_update()
        locked = list(still.values_list("pk", flat=True))
        deleted: int = expired.model._base_manager.filter(pk__in=locked).delete()[0]
        return deleted


def _batches(expired: "QuerySet[Any]") -> Iterator[list[Any]]:
    while batch := list(expired.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield batch


def _cut(days: int | None) -> datetime:
    """Everything before it has expired, if the clock can be believed."""
    now, length = _now(), timedelta(days=days or config().history_days)
    newest = max(filter(None, _newest()), default=now)
    if newest > now + TOLERANCE:
        raise ClockInDoubt(f"The clock says {now:%Y-%m-%d %H:%M}Z, a row {newest:%Y-%m-%d %H:%M}Z.")
    if newest < now - length:
        raise ClockInDoubt(f"Nothing was recorded since {newest:%Y-%m-%d}: all of it would go.")
    return now - length


def _newest() -> Iterator[datetime | None]:
    for model, field in ((Run, "started_at"), (Finding, "last_seen_at"), (AuditEntry, "at")):
        yield model._base_manager.aggregate(newest=Max(field))["newest"]


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
        return now
