"""`integrity runs`, `plans`, `history` and `prune`: what was done, how it went, and how long it is kept."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Now, TruncDate

from integrity import cli
from integrity.audit import command_actor
from integrity.leases import AlreadyRunning
from integrity.management.verbs.names import of
from integrity.models import RepairPlan, Run, RunResult
from integrity.operations import forget_old_operations
from integrity.repair.preview import facts
from integrity.retention import ClockInDoubt, count_expired, purge


class PastVerbs(cli.VerbCommand):
    def add_past_verbs(self) -> None:
        runs = self.add_verb("runs", "List runs, the newest first.")
        runs.add_argument("--active", action="store_true", help="only those that haven't ended")
        runs.add_argument("--kind", choices=Run.Kind.values)
        runs.add_argument("--limit", type=cli.positive, default=50)
        plans = self.add_verb("plans", "List repair plans, the newest first.")
        plans.add_argument("--state", choices=RepairPlan.State.values)
        plans.add_argument("--limit", type=cli.positive, default=50)
        history = self.add_verb("history", "Show each invariant day by day.")
        history.add_argument("names", nargs="*", metavar="ID|APP")
        history.add_argument("--days", type=cli.days, default=90)
        prune = self.add_verb("prune", "Delete history that has expired, never an open finding.")
        prune.add_argument("--days", type=cli.days, help="keep so many; default: as configured")
        prune.add_argument("--dry-run", action="store_true", help="count, and delete nothing")

    def verb_runs(self, options: dict[str, Any]) -> int:
        runs = Run.objects.order_by("-started_at", "-pk")
        if options["active"]:
            runs = runs.filter(finished_at=None)
        if options["kind"]:
            runs = runs.filter(kind=options["kind"])
        self.show(options, [_run(each) for each in runs[: options["limit"]]])
        return cli.HOLDS

    def verb_plans(self, options: dict[str, Any]) -> int:
        plans = RepairPlan.objects.order_by("-created_at", "-pk")
        if options["state"]:
            plans = plans.that_are(options["state"])
        self.show(options, [_plan(each) for each in plans[: options["limit"]]])
        return cli.HOLDS

    def verb_history(self, options: dict[str, Any]) -> int:
        self.show(options, [_day(each) for each in _days(options["names"], options["days"])])
        return cli.HOLDS

    def verb_prune(self, options: dict[str, Any]) -> int:
        try:
            with cli.stoppable():
                counts = _pruned(options)
        except (AlreadyRunning, ClockInDoubt) as error:
            raise cli.refused(str(error)) from error
        word = "would_go" if options["dry_run"] else "deleted"
        self.show(options, [{"what": name, word: count} for name, count in counts.items()])
        return cli.HOLDS


LISTED = ("plan", "repair", "state", "changes", "applied", "undone", "verdict", "approval")


def _plan(each: RepairPlan) -> dict[str, Any]:
    told = facts(each)
    return {
        **{name: told[name] for name in LISTED},
        "planned": f"{each.created_at:%Y-%m-%d %H:%M:%S}Z",
        "by": f"{each.created_by_kind} {each.created_by_id}",
    }


def _pruned(options: dict[str, Any]) -> dict[str, int]:
    if options["dry_run"]:
        return count_expired(days=options["days"])
    gone = purge(by=command_actor(), days=options["days"])
    return gone | {"operation keys": forget_old_operations()}


def _run(each: Run) -> dict[str, Any]:
    ended = each.finished_at or each.heartbeat_at
    return {
        "run": each.uid,
        "kind": each.kind,
        "scope": each.scope,
        "state": each.state,
        "status": each.status,
        "complete": "yes" if each.complete else "no",
        "started": f"{each.started_at:%Y-%m-%d %H:%M:%S}Z",
        "seconds": round((ended - each.started_at).total_seconds(), 1),
        "by": f"{each.actor_kind} {each.actor_id}",
        "slot": f"{each.slot:%Y-%m-%d %H:%M}Z" if each.slot else None,
        "error": each.error or None,
    }


def _days(names: list[str], days: int) -> "QuerySet[RunResult, dict[str, Any]]":
    kept = RunResult.objects.filter(of(names), at__gte=Now() - timedelta(days=days))
    return (
        kept.values("invariant", day=TruncDate("at"))
        .annotate(
            checks=Count("pk"),
            broken=Count("pk", filter=Q(result="broken")),
            unknown=Count("pk", filter=Q(result="unknown")),
            fewest=Min("count"),
            most=Max("count"),
            new=Sum("new"),
            regressed=Sum("regressed"),
            gone=Sum("gone"),
        )
        .order_by("invariant", "day")
    )


def _day(each: dict[str, Any]) -> dict[str, Any]:
    return {"invariant": each["invariant"], "day": str(each["day"])} | {
        name: each[name]
        for name in ("checks", "broken", "unknown", "fewest", "most", "new", "regressed", "gone")
    }
