"""What must hold of what couples do. The database keeps some of it; these find the rest."""

from pathlib import Path

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts.models import Profile, WeddingStats
from integrity.invariants import CounterDrift, Severity, declare, invariant
from onboarding.catalogue import FEWEST_INTERESTS, INTERESTS, MILESTONES, MilestoneGoal
from onboarding.models import Interest, Milestone, Task

SQL = Path(__file__).parent / "sql"
INTERESTS_DO_NOT_FIT = (SQL / "interests_do_not_fit.sql").read_text()
MILESTONES_NOT_RECORDED = (SQL / "milestones_not_recorded.sql").read_text()


@invariant(
    "onboarding.interests_fit_the_step",
    statement="Whoever has done step 2 has interests; whoever has finished has three to ten.",
    severity=Severity.CRITICAL,
)
def interests_fit_the_step() -> QuerySet[Profile]:
    wrong = RawSQL(INTERESTS_DO_NOT_FIT, [FEWEST_INTERESTS, len(INTERESTS)])
    chosen = Interest.objects.filter(user=OuterRef("pk")).order_by().values("user")
    count = chosen.annotate(count=Count("*")).values("count")
    return Profile.objects.filter(pk__in=wrong).annotate(actual=Coalesce(Subquery(count), 0))


@invariant(
    "onboarding.no_interest_is_stale",
    statement="Nobody keeps an interest that they have replaced.",
    severity=Severity.WARNING,
)
def no_interest_is_stale() -> QuerySet[Interest]:
    return Interest.objects.filter(user__profile__interests_wanted__isnull=False).exclude(
        user__profile__interests_wanted__contains=[F("category")]
    )


@invariant(
    "onboarding.wanted_interests_are_there",
    statement="Every interest that a couple chose last is among theirs.",
)
def wanted_interests_are_there() -> QuerySet[Profile]:
    present = ArraySubquery(Interest.objects.filter(user=OuterRef("pk")).values("category"))
    return Profile.objects.filter(interests_wanted__isnull=False).exclude(
        interests_wanted__contained_by=present
    )


@invariant(
    "onboarding.a_finished_wizard_has_tasks",
    statement="Whoever has finished the wizard has a checklist.",
)
def a_finished_wizard_has_tasks() -> QuerySet[Profile]:
    tasks = Task.objects.filter(wedding__members__user=OuterRef("pk"))
    return Profile.objects.filter(~Exists(tasks), onboarded_at__isnull=False)


declare(
    CounterDrift(
        "onboarding.stats_count_the_tasks",
        statement="A wedding's stats say how many tasks there are.",
        model="accounts.WeddingStats",
        counter="tasks_total",
        counted="onboarding.Task",
        by="wedding",
    )
)
declare(
    CounterDrift(
        "onboarding.stats_count_the_done_tasks",
        statement="A wedding's stats say how many tasks are done.",
        model="accounts.WeddingStats",
        counter="tasks_done",
        counted="onboarding.Task",
        by="wedding",
        where=Q(status=Task.Status.DONE),
    )
)


@invariant(
    "onboarding.an_active_couple_has_a_streak",
    statement="A streak of days has a last day, and a last day belongs to a streak.",
    severity=Severity.WARNING,
)
def an_active_couple_has_a_streak() -> QuerySet[WeddingStats]:
    return WeddingStats.objects.filter(
        Q(last_active_date=None, streak_days__gt=0)
        | Q(last_active_date__isnull=False, streak_days=0)
    )


@invariant(
    "onboarding.done_tasks_have_a_time",
    statement="A task has a time of completion exactly when it is done.",
)
def done_tasks_have_a_time() -> QuerySet[Task]:
    return Task.objects.filter(
        Q(status=Task.Status.DONE, completed_at=None)
        | Q(status=Task.Status.OPEN, completed_at__isnull=False)
        | Q(status=Task.Status.OPEN, completed_by__isnull=False)
    )


@invariant(
    "onboarding.milestones_were_earned",
    statement="When a milestone was reached, as many tasks were done as it takes.",
)
def milestones_were_earned() -> QuerySet[Milestone]:
    earned = Q()
    for goal in MILESTONES:
        earned |= Q(key=goal.key) & _met(goal)
    return Milestone.objects.exclude(earned)


@invariant(
    "onboarding.earned_milestones_are_recorded",
    statement="A wedding with as many tasks done as a milestone takes has reached it.",
)
def earned_milestones_are_recorded() -> QuerySet[WeddingStats]:
    goals = [[goal.key for goal in MILESTONES], [goal.percent for goal in MILESTONES]]
    return WeddingStats.objects.filter(pk__in=RawSQL(MILESTONES_NOT_RECORDED, goals))


def _met(goal: MilestoneGoal) -> Q:
    """The same as `goals_met`, in SQL: at least one task, and at least that share of them."""
    share = (F("tasks_total") * goal.percent + 99) / 100
    return Q(tasks_done__gte=1) & Q(tasks_done__gte=share)
