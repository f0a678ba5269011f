"""The numbers for a monitor, computed from the tables at each scrape.

So they are right whichever of several processes answers, and a restart sets none of them back.
Labels are names and states, never ids.
"""

from collections.abc import Callable, Iterable, Iterator

from django.db.models import Count, Sum

from integrity.dashboard import latest_results
from integrity.exposition import Family, Sample, counter, gauge, summary
from integrity.flows import flows
from integrity.invariants.declare import invariants
from integrity.lifecycle import ALL
from integrity.models import EffectCount, FlowOutcome, Incident, RepairPlan, RunResult
from integrity.models.alerts import Kind
from integrity.models.runs import Severities
from integrity.outbox import effects
from integrity.saga import counting, measures
from integrity.sampling import COUNTED, sampled
from integrity.transactions import snapshot

Outcome = FlowOutcome.Outcome
ROLLED_BACK = (Outcome.ALREADY_DONE, Outcome.REFUSED, Outcome.BUSY, Outcome.FAILED)
OUTCOMES = ("applied", "stale", "failed", "undone", "conflicts")


def exposition(*, timeout: float = 5.0) -> str:
    """All metrics of one instant, in Prometheus' text format.

    Args:
        timeout: seconds that one statement may take.

    Raises:
        django.db.Error: the database didn't answer; a part of the numbers is worth nothing.
    """
    with snapshot(statement_timeout=timeout):
        return "".join(str(family) for source in sources for family in source())


class _Flows:
    """The counts of all flows: today's code from zero on, and what others counted before."""

    def __init__(self) -> None:
        rows = FlowOutcome.objects.values("flow", "outcome").annotate(
            Sum("count"), Sum("seconds_total"), Sum("retries"), Sum("timeouts")
        )
        self._known = {(row["flow"], row["outcome"]): row for row in rows}
        self.names = sorted({flow for flow, _ in self._known} | set(flows()))

    def total(self, flow: str, column: str, outcomes: Iterable[str]) -> float:
        found = (self._known.get((flow, outcome)) for outcome in outcomes)
        return float(sum(row[f"{column}__sum"] for row in found if row))

    def counts(self, column: str, *outcomes: str, **labels: str) -> list[Sample]:
        return [
            Sample({"flow": flow} | labels, self.total(flow, column, outcomes or Outcome.values))
            for flow in self.names
        ]

    def durations(self) -> Iterator[Sample]:
        for flow in self.names:
            yield Sample({"flow": flow}, self.total(flow, "seconds_total", Outcome.values), "_sum")
            yield Sample({"flow": flow}, self.total(flow, "count", Outcome.values), "_count")


def _flows() -> Iterator[Family]:
    flows = _Flows()
    yield summary(
        "integrity_flow_duration_seconds",
        "How long the runs of a flow took, with all their attempts.",
        list(flows.durations()),
    )
    yield counter(
        "integrity_flow_commits_total",
        "Runs that PostgreSQL confirmed as committed.",
        flows.counts("count", Outcome.COMMITTED),
    )
    yield counter(
        "integrity_flow_rollbacks_total",
        "Runs that left nothing behind, by why.",
        [each for why in ROLLED_BACK for each in flows.counts("count", why, why=why)],
    )
    yield counter(
        "integrity_flow_unconfirmed_total",
        "Runs whose answer to COMMIT was lost: whole or absent, nobody could tell.",
        flows.counts("count", Outcome.UNCONFIRMED),
    )
    yield counter(
        "integrity_flow_retries_total",
        "Attempts after the first, after a lost race.",
        flows.counts("retries"),
    )
    yield counter(
        "integrity_flow_timeouts_total",
        "Attempts that waited too long for a lock, a statement or the code.",
        flows.counts("timeouts"),
    )


def _outbox() -> Iterator[Family]:
    yield gauge(
        "integrity_outbox_messages",
        f"Promised effects that wait or were given up, by state; {COUNTED} stands for more.",
        sampled("outbox_depth.sql", {"counted": COUNTED}),
    )
    yield gauge(
        "integrity_outbox_oldest_seconds",
        "For how long the oldest effect has been due or given up; 0 without one.",
        sampled("outbox_age.sql"),
    )
    delivered = dict(EffectCount.objects.values_list("effect").annotate(Sum("delivered")))
    names = sorted({*effects.names(), *delivered})
    yield counter(
        "integrity_outbox_delivered_total",
        "Effects that were delivered.",
        [Sample({"effect": effect}, delivered.get(effect, 0)) for effect in names],
    )


def _findings() -> Iterator[Family]:
    words = {severity.value: severity.label.lower() for severity in Severities}
    yield gauge(
        "integrity_findings",
        "Findings that are not resolved, by severity and state.",
        sampled("finding_states.sql", {"numbers": [*words], "words": [*words.values()]}),
    )
    opened = Incident.objects.filter(state=Incident.State.OPEN)
    count = dict(opened.values_list("kind").annotate(Count("pk")))
    yield gauge(
        "integrity_incidents_open",
        "Incidents that are not over, by the kind of their alert.",
        [Sample({"kind": kind}, count.get(kind, 0)) for kind in sorted(Kind)],
    )


def _invariants() -> Iterator[Family]:
    latest, declared = latest_results(), invariants.names()
    known = {name: latest[name].result if name in latest else "unknown" for name in declared}
    yield gauge(
        "integrity_invariant_result",
        "1 for what the invariant came to last; unknown until it is looked at.",
        [
            Sample({"invariant": name, "result": result}, int(result == word))
            for name, word in known.items()
            for result in RunResult.Verdict.values
        ],
    )
    yield gauge(
        "integrity_invariant_violations",
        "Rows that broke the invariant when it was looked at last.",
        [
            Sample({"invariant": name}, each.count)
            for name, each in sorted(latest.items())
            if each.count is not None
        ],
    )


def _processes() -> Iterator[Family]:
    yield gauge(
        "integrity_sweep_age_seconds",
        "Since the last complete check of everything; +Inf if there was none.",
        sampled("sweep_age.sql", {"all": ALL}),
    )
    yield gauge(
        "integrity_heartbeat_age_seconds",
        "Since the last sign of life of a process that must always run.",
        sampled("heartbeat_ages.sql"),
    )
    yield gauge(
        "integrity_runs",
        "Checks, repairs and purges that are active, or ended within 24 hours, by state.",
        sampled("recent_runs.sql"),
    )


def _repairs() -> Iterator[Family]:
    plans = RepairPlan.objects.order_by("repair", "state").values_list("repair", "state")
    yield gauge(
        "integrity_repair_plans",
        "Repair plans, by state.",
        [
            Sample({"repair": repair, "state": state}, count)
            for repair, state, count in plans.annotate(Count("pk"))
        ],
    )
    rows = RepairPlan.objects.order_by("repair").values("repair")
    yield counter(
        "integrity_repair_changes_total",
        "Row changes of repairs, by what became of them.",
        [
            Sample({"repair": row["repair"], "outcome": each}, row[f"{each}__sum"])
            for row in rows.annotate(*(Sum(each) for each in OUTCOMES))
            for each in OUTCOMES
        ],
    )


# A project adds its own: `metrics.sources.append(families)`.
sources: list[Callable[[], Iterable[Family]]] = [
    _flows,
    _outbox,
    _findings,
    _invariants,
    _processes,
    _repairs,
    measures.families,
    counting.families,
]
