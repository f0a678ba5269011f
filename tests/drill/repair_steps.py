"""A repair at each of its steps, and how to tell what a step has changed."""

from accounts.models import WeddingStats
from integrity.models import AuditEntry, PlannedChange, RepairPlan, Run, UnattendedRepair
from integrity.repair import begin, chunks
from integrity.repair.approve import approve
from integrity.repair.plan import plan_repair
from integrity.repair.unattended import allow_unattended
from tests.drill.facts import BY, couple, judge, stats_of, wedding_of

REPAIR = "onboarding.recount_tasks"
INVARIANT = "onboarding.stats_count_the_tasks"
WRONG = 7


def drifted():
    """A wedding whose tasks are miscounted; what earlier shots left is out of the way."""
    Run.objects.filter(kind="repair").delete()
    RepairPlan.objects.all().delete()
    UnattendedRepair.objects.all().delete()
    context = couple()
    context.stats = WeddingStats.objects.get(wedding=wedding_of(context))
    WeddingStats.objects.exclude(tasks_total=0).update(tasks_total=0)
    WeddingStats.objects.filter(pk=context.stats.pk).update(tasks_total=WRONG)
    return noted(context)


def draft():
    context = drifted()
    context.plan = plan_repair(repair=REPAIR, subjects=[str(context.stats.pk)], by=BY)
    return noted(context)


def approved():
    context = draft()
    approve(plan=context.plan.uid, hash=context.plan.hash, by=BY)
    return noted(context)


def running():
    context = approved()
    context.run = begin.start(plan=context.plan.uid, confirmed=(), by=BY)
    return noted(context)


def worked():
    context = running()
    apply_chunk(context)
    return noted(context)


def applied():
    context = worked()
    end(context)
    return noted(context)


def undoing():
    context = applied()
    context.run = begin.start_undo(plan=context.plan.uid, by=BY)
    return noted(context)


def paused():
    context = running()
    begin.put_off(plan=context.plan.pk, run=context.run, by=BY)
    return noted(context)


def noted(context):
    context.before = facts(context)
    return context


def facts(context):
    plan = RepairPlan.objects.order_by("-pk").first() or RepairPlan()
    change = PlannedChange.objects.filter(plan=plan.pk).first() or PlannedChange()
    run = Run.objects.filter(kind="repair").order_by("-pk").first() or Run()
    return {
        "state": plan.state if plan.pk else "",
        "cursor": plan.cursor,
        "counts": (plan.applied, plan.failed, plan.undone, plan.conflicts),
        "error": plan.error,
        "verdict": plan.verdict,
        "change": change.state if plan.pk else "",
        "run": run.state if run.pk else "",
        "tasks": stats_of(context).tasks_total,
        "unattended": UnattendedRepair.objects.exists(),
        "audits": AuditEntry.objects.count(),
    }


def whole(**after):
    """These facts become so, the others stay, and the log says it."""

    def look(context):
        now, before = facts(context), context.before
        expected = {name: after.get(name, was) for name, was in before.items()}
        # A second try may be told of again.
        now["audits"], expected["audits"] = now["audits"] > before["audits"], True
        before = {**before, "audits": False}
        return judge(**{name: (now[name], before[name], expected[name]) for name in now})

    return look


def silently(**after):
    """As `whole`, of what nobody is told."""

    def look(context):
        now, before = facts(context), context.before
        names = now.keys() - {"audits"}
        return judge(
            **{name: (now[name], before[name], after.get(name, before[name])) for name in names}
        )

    return look


def apply_chunk(context):
    chunks.apply_chunk(plan=context.plan.pk, run=context.run, size=10, canary=True, by=BY)


def skip(context):
    chunks.skip_subject(plan=context.plan.pk, run=context.run, error="no", by=BY)


def undo_chunk(context):
    chunks.undo_chunk(plan=context.plan.pk, run=context.run, size=10, by=BY)


def keep(context):
    chunks.keep_subject(plan=context.plan.pk, run=context.run, error="no", by=BY)


def end(context):
    begin.end(
        plan=context.plan.pk,
        run=context.run,
        state="applied",
        run_state="succeeded",
        by=BY,
        verb="drill.ended",
    )


def allowed(context):
    allow_unattended(repair=REPAIR, by=BY)
    return context
