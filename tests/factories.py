"""Rows for tests. A couple and an operator come whole, in one transaction, as the site makes them.

CoupleFactory()                                   signed up, not verified, wizard not begun
CoupleFactory(email="ada@example.com", password="a password", address__verified=True)
CoupleFactory(profile__step=2, wedding__place="Oslo", interests=["music"])
OnboardedCoupleFactory(stats__streak_days=3, stats__last_active_date=today)
OperatorFactory(is_superuser=False)
"""

from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.db.transaction import atomic
from django.utils import timezone
from factory.django import DjangoModelFactory, Password

from accounts.models import Kind, Member, Profile, User, Wedding, WeddingStats
from onboarding.catalogue import goals_met
from onboarding.models import Interest, Milestone, Task

PASSWORD = "correct horse battery"
INTERESTS = ("music", "food", "flowers")


class UserFactory(DjangoModelFactory):
    """The bare row; the database gives it a profile."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    password = Password(PASSWORD)

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> User:
        with atomic():
            return super()._generate(strategy, params)

    @factory.post_generation
    def address(self, create, extracted, **fields):
        EmailAddress.objects.create(user=self, **{"email": self.email, "primary": True} | fields)


class OperatorFactory(UserFactory):
    email = factory.Sequence(lambda n: f"operator{n}@example.com")
    kind = Kind.OPERATOR
    is_staff = True
    is_superuser = True
    address__verified = True


class CoupleFactory(UserFactory):
    """With `profile__step`, what the steps up to there would have saved."""

    email = factory.Sequence(lambda n: f"couple{n}@example.com")

    @factory.post_generation
    def wedding(self, create, extracted, **fields):
        """`wedding=` joins one that is there; `wedding__place=` makes one."""
        if extracted:
            Member.objects.create(user=self, wedding=extracted, role="partner")
            return
        wedding = Wedding.objects.create(**fields)
        Member.objects.create(user=self, wedding=wedding)
        WeddingStats.objects.create(wedding=wedding)

    @factory.post_generation
    def stats(self, create, extracted, **fields):
        WeddingStats.objects.filter(wedding__members__user=self).update(**fields)

    @factory.post_generation
    def profile(self, create, extracted, **fields):
        step = fields.get("step", 0)
        saved = {"name": "Ada", "partner_name": "Grace"} if step >= 1 else {}
        finished = {"onboarded_at": timezone.now()} if step >= 3 else {}
        Profile.objects.filter(user=self).update(**saved | finished | fields)
        if step >= 1:
            Wedding.objects.filter(members__user=self, date=None).update(date_undecided=True)

    @factory.post_generation
    def interests(self, create, extracted, **fields):
        step = Profile.objects.get(user=self).step
        chosen = INTERESTS if extracted is None and step >= 2 else extracted or ()
        Interest.objects.bulk_create(Interest(user=self, category=each) for each in chosen)

    @factory.post_generation
    def tasks(self, create, extracted, **fields):
        """`tasks=` is how many; a finished couple has one, unless the wedding has some."""
        wedding = self.membership.wedding
        finished = Profile.objects.filter(user=self, onboarded_at__isnull=False).exists()
        some = int(finished and not wedding.tasks.exists())
        TaskFactory.create_batch(some if extracted is None else extracted, wedding=wedding)


class OnboardedCoupleFactory(CoupleFactory):
    address__verified = True
    profile__step = 3


class TaskFactory(DjangoModelFactory):
    """Counted in the wedding's stats, as every task is, and with the milestones it earns."""

    class Meta:
        model = Task
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Task {n}")
    position = factory.Sequence(lambda n: n)

    class Params:
        done = factory.Trait(
            status=Task.Status.DONE, completed_at=factory.LazyFunction(timezone.now)
        )

    @factory.post_generation
    def counted(self, create, extracted, **fields):
        stats = WeddingStats.objects.filter(wedding=self.wedding)
        total, done = self.wedding.tasks.count(), self.wedding.tasks.done().count()
        stats.update(tasks_total=total, tasks_done=done)
        for goal in goals_met(done=done, total=total):
            MilestoneFactory(wedding=self.wedding, key=goal.key, tasks_done=done, tasks_total=total)


class MilestoneFactory(DjangoModelFactory):
    class Meta:
        model = Milestone
        django_get_or_create = ("wedding", "key")

    key = "first_task"
    tasks_done = 1
    tasks_total = 24
