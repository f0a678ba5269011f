"""Made-up couples: the same ones each time, as the site would have left them."""

import datetime
import random
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, pairwise
from typing import Protocol
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.elsewhere import identity
from accounts.elsewhere.contact import verified_couples
from accounts.models import STEPS, Contact, Identity, Member, Profile, User, Wedding, WeddingStats
from demo import words
from integrity.transactions import transaction
from onboarding.catalogue import INTEREST_SLUGS, due_date, goals_met, tasks_for
from onboarding.days import day_in
from onboarding.models import Interest, Milestone, Task, WizardDraft

PASSWORD = "demo-everafter"
UNVERIFIED = 0.15
FINISHED = 0.60
# Of those between the two, how far they came.
STEPS_DONE = (0, 1, 1, 2, 2)


class Out(Protocol):
    def write(self, msg: str) -> object: ...


@dataclass
class Couple:
    """One account with all that hangs on it, not yet stored."""

    user: User
    wedding: Wedding
    name: str
    partner_name: str
    verified: bool
    step: int
    onboarded_at: datetime.datetime | None = None
    interests: list[str] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)

    @property
    def completions(self) -> list[datetime.datetime]:
        return sorted(task.completed_at for task in self.tasks if task.completed_at)


def seed(*, couples: int = 500, out: Out) -> None:
    """Fill an empty database, in one transaction: all of them or none."""
    chance = random.Random("everafter")
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    password = make_password(PASSWORD)
    made = [_make_up(number, chance, now=now, password=password) for number in range(couples)]
    with transaction():
        _store_accounts(made)
        _store_answers(made)
        _store_checklists(made)
        _store_contacts(made)
        _store_identities(made)
    finished = sum(couple.step == STEPS for couple in made)
    unverified = sum(not couple.verified for couple in made)
    out.write(
        f"Made up {couples} couples: {finished} have a checklist, {unverified} haven't opened"
        f" their mail.\n"
    )
    if made:
        out.write(f"One of them is {made[0].user.email}, password {PASSWORD}\n")


def _make_up(
    number: int, chance: random.Random, *, now: datetime.datetime, password: str
) -> Couple:
    # The first one is whom a visitor logs in as, so there is something to see.
    fate = 1.0 if number == 0 else chance.random()
    step = _step(fate, chance)
    # Who is in the midst of the wizard has begun it lately, as the invariant wants it.
    days = 50 if 0 < step < STEPS else 300
    joined = now - timedelta(hours=chance.randint(48, 24 * days))
    name, partner_name = chance.sample(words.NAMES, 2)
    couple = Couple(
        user=User(
            uid=_uid(chance),
            email=f"{name}.{partner_name}{number}@example.com".lower(),
            password=password,
            date_joined=joined,
        ),
        wedding=Wedding(uid=_uid(chance), created_at=joined),
        name=name,
        partner_name=partner_name,
        verified=fate >= UNVERIFIED,
        step=step,
    )
    if couple.step >= 1:
        _answer_step_one(couple, chance, today=now.date())
    if couple.step >= 2:
        couple.interests = chance.sample(INTEREST_SLUGS, chance.randint(3, 5))
    if couple.step == STEPS:
        couple.onboarded_at = joined + timedelta(minutes=chance.randint(5, 24 * 60))
        _live(couple, chance, now=now)
    return couple


def _step(fate: float, chance: random.Random) -> int:
    if fate < UNVERIFIED:
        return 0
    return STEPS if fate >= 1 - FINISHED else chance.choice(STEPS_DONE)


def _answer_step_one(couple: Couple, chance: random.Random, *, today: datetime.date) -> None:
    wedding = couple.wedding
    wedding.place, wedding.time_zone = chance.choice(words.PLACES)
    wedding.version = 1
    if chance.random() < 0.15:
        wedding.date_undecided = True
    else:
        wedding.date = today + timedelta(days=chance.randint(-20, 500))


def _live(couple: Couple, chance: random.Random, *, now: datetime.datetime) -> None:
    """What they have done since: most of what was due, and a little ahead."""
    assert couple.onboarded_at is not None
    began = couple.onboarded_at
    diligence = chance.uniform(0.5, 1.0)
    for position, template in enumerate(tasks_for(couple.interests)):
        due = due_date(
            template,
            wedding_date=couple.wedding.date,
            today=day_in(couple.wedding.time_zone, at=began),
        )
        task = Task(
            uid=_uid(chance),
            wedding=couple.wedding,
            template=template.slug,
            title=template.title,
            category=template.interest,
            due_date=due,
            position=position,
        )
        is_due = due is not None and due <= now.date()
        if chance.random() < (diligence if is_due else 0.1):
            task.status = Task.Status.DONE
            task.completed_at = began + (now - began) * chance.random()
            task.completed_by = couple.user
        couple.tasks.append(task)


def _store_accounts(couples: list[Couple]) -> None:
    User.objects.bulk_create(couple.user for couple in couples)
    EmailAddress.objects.bulk_create(
        EmailAddress(
            user=couple.user, email=couple.user.email, primary=True, verified=couple.verified
        )
        for couple in couples
    )
    Wedding.objects.bulk_create(couple.wedding for couple in couples)
    Member.objects.bulk_create(
        Member(user=couple.user, wedding=couple.wedding, joined_at=couple.user.date_joined)
        for couple in couples
    )
    WeddingStats.objects.bulk_create(_stats(couple) for couple in couples)


def _store_answers(couples: list[Couple]) -> None:
    begun = {couple.user.pk: couple for couple in couples if couple.step >= 1}
    profiles = list(Profile.objects.filter(user__in=begun))
    for profile in profiles:
        couple = begun[profile.user_id]
        profile.name, profile.partner_name = couple.name, couple.partner_name
        profile.step = profile.version = couple.step
        profile.onboarded_at = couple.onboarded_at
    Profile.objects.bulk_update(
        profiles, ["name", "partner_name", "step", "version", "onboarded_at"], batch_size=200
    )
    Interest.objects.bulk_create(
        Interest(user=couple.user, category=slug) for couple in couples for slug in couple.interests
    )
    WizardDraft.objects.bulk_create(
        WizardDraft(user=couple.user, data={"2": {"categories": ["music"]}})
        for couple in couples
        if couple.step == 1
    )


def _store_checklists(couples: list[Couple]) -> None:
    Task.objects.bulk_create(chain.from_iterable(couple.tasks for couple in couples))
    Milestone.objects.bulk_create(chain.from_iterable(_milestones(couple) for couple in couples))


def _store_contacts(couples: list[Couple]) -> None:
    """As if Resend had been told of them; demo.known tells its stand-in."""
    theirs = verified_couples().filter(pk__in=[couple.user.pk for couple in couples])
    known = theirs.values_list("pk", "uid", "fingerprint")
    Contact.objects.bulk_create(
        Contact(user_id=pk, contact_id=str(uid), told=fingerprint) for pk, uid, fingerprint in known
    )


def _store_identities(couples: list[Couple]) -> None:
    """The same of the identity provider."""
    known = identity.couples().filter(pk__in=[couple.user.pk for couple in couples])
    Identity.objects.bulk_create(
        Identity(user_id=pk, told=fingerprint)
        for pk, fingerprint in known.values_list("pk", "fingerprint")
    )


def _milestones(couple: Couple) -> list[Milestone]:
    times, total = couple.completions, len(couple.tasks)
    needed = {
        goal.key: goal.tasks_needed(total) for goal in goals_met(done=len(times), total=total)
    }
    return [
        Milestone(
            wedding=couple.wedding,
            key=key,
            tasks_done=done,
            tasks_total=total,
            reached_at=times[done - 1],
        )
        for key, done in needed.items()
    ]


def _stats(couple: Couple) -> WeddingStats:
    times = couple.completions
    days = sorted({day_in(couple.wedding.time_zone, at=time) for time in times})
    return WeddingStats(
        wedding=couple.wedding,
        tasks_total=len(couple.tasks),
        tasks_done=len(times),
        last_active_date=days[-1] if days else None,
        streak_days=_last_streak(days),
    )


def _last_streak(days: list[datetime.date]) -> int:
    streak = min(len(days), 1)
    for earlier, later in pairwise(days):
        streak = streak + 1 if later - earlier == timedelta(days=1) else 1
    return streak


def _uid(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
