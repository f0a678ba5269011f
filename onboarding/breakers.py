"""How the promises about what couples do are broken on purpose."""

from django.db.models.functions import Now, TruncDate

from accounts.breakers.couple import a_couple
from accounts.models import STEPS, Profile, User, Wedding, WeddingStats
from integrity.selftest import breaker, unguarded
from onboarding.catalogue import INTEREST_SLUGS, MILESTONES
from onboarding.models import Interest, Milestone, Task


def _wedding() -> Wedding:
    return Wedding.objects.get(members__user=a_couple())


def _at_step(step: int, **values: object) -> User:
    """Without what the step asks for."""
    couple = a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.filter(user=couple).update(step=step, name="Ada", **values)
    return couple


@breaker("onboarding.interests_fit_the_step")
def choose_nothing() -> None:
    _at_step(2)


@breaker("onboarding.no_interest_is_stale")
def keep_what_was_replaced() -> None:
    couple = a_couple()
    chosen = INTEREST_SLUGS[:4]
    Interest.objects.bulk_create(Interest(user=couple, category=each) for each in chosen)
    Profile.objects.filter(user=couple).update(interests_wanted=list(chosen[:3]))


@breaker("onboarding.wanted_interests_are_there")
def lose_what_was_chosen() -> None:
    Profile.objects.filter(user=a_couple()).update(interests_wanted=list(INTEREST_SLUGS[:3]))


@breaker("onboarding.a_finished_wizard_has_tasks")
def finish_without_a_checklist() -> None:
    _at_step(STEPS, onboarded_at=Now())


@breaker("onboarding.stats_count_the_tasks")
def count_too_many() -> None:
    WeddingStats.objects.filter(wedding=_wedding()).update(tasks_total=7)


@breaker("onboarding.stats_count_the_done_tasks")
@breaker("onboarding.earned_milestones_are_recorded")
def count_too_many_as_done() -> None:
    WeddingStats.objects.filter(wedding=_wedding()).update(tasks_total=7, tasks_done=7)


@breaker("onboarding.an_active_couple_has_a_streak")
def be_active_on_no_day() -> None:
    today = TruncDate(Now())
    WeddingStats.objects.filter(wedding=_wedding()).update(last_active_date=today, streak_days=0)


@breaker("onboarding.done_tasks_have_a_time")
def forget_when_it_was_done() -> None:
    wedding = _wedding()
    with unguarded("onboarding_task"):
        Task.objects.create(wedding=wedding, title="Selftest", status=Task.Status.DONE)


@breaker("onboarding.milestones_were_earned")
def reach_a_milestone_for_nothing() -> None:
    hardest = max(MILESTONES, key=lambda goal: goal.percent)
    Milestone.objects.create(wedding=_wedding(), key=hardest.key, tasks_done=1, tasks_total=100)
