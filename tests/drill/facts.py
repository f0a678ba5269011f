"""Words for scenarios: who acts, what was promised, and whether all of it happened or nothing."""

from datetime import date
from types import SimpleNamespace
from uuid import uuid4

from django.core.cache import cache
from django.utils import timezone

from accounts.elsewhere.listing import differs
from accounts.mail_limits import digest
from accounts.models import (
    Address,
    Difference,
    Listing,
    Profile,
    User,
    Wedding,
    WeddingStats,
)
from integrity.audit import Actor, subject_of
from integrity.drill.core import ALL, NOTHING
from integrity.models import AuditEntry, OutboxMessage
from onboarding.models import Task
from tests.factories import CoupleFactory, OnboardedCoupleFactory

# Audited, so that the audit row is one more thing that may be missing.
BY = Actor("command", "drill", "drill", via="cli")
DAY = date(2031, 5, 17)


def fresh_email():
    return f"{uuid4().hex}@example.com"


def couple(**fields):
    return _with_operation(CoupleFactory(email=fresh_email(), **fields))


def onboarded(**fields):
    return _with_operation(OnboardedCoupleFactory(email=fresh_email(), tasks=0, **fields))


def stranger(**more):
    return SimpleNamespace(email=fresh_email(), operation=str(uuid4()), **{"audits": 1} | more)


def _with_operation(user):
    return SimpleNamespace(
        user=user, email=user.email, new_email=fresh_email(), operation=str(uuid4()), audits=1
    )


def judge(**facts):
    """Each fact is (is, was, shall be): all of it happened, nothing did, or what is between."""
    done = {name: now == after for name, (now, _, after) in facts.items()}
    untouched = {name: now == before for name, (now, before, _) in facts.items()}
    if all(done.values()):
        return ALL
    if all(untouched.values()):
        return NOTHING
    words = {name: repr(now) for name, (now, *_) in facts.items()}
    words |= {name: "not done" for name in facts if untouched[name]}
    words |= {name: "done" for name in facts if done[name]}
    return ", ".join(f"{name}: {word}" for name, word in words.items())


def mails(prefix):
    return OutboxMessage.objects.filter(effect="accounts.mail", key__startswith=prefix).count()


def mailed(purpose, email):
    """Whether the minute in which the address gets no other mail has begun."""
    return bool(cache.get(f"accounts.mail:{purpose}:{digest(email)}"))


def audits(subject):
    return AuditEntry.objects.filter(subject=subject_of(subject)).count()


def otherwise_elsewhere(context, of):
    """By one reading of that list."""
    uid = context.user.uid
    seen = differs(of, Difference.What.OTHERWISE, str(uid), uid)
    seen.seen_in = Listing.objects.create(of=of)
    seen.save(force_insert=True)


def differences_of(context):
    return Difference.objects.filter(user_uid=context.user.uid).count()


def with_tasks(context, *, done=0, total=4):
    wedding = wedding_of(context)
    context.tasks = Task.objects.bulk_create(_task(wedding, done=n < done) for n in range(total))
    WeddingStats.objects.filter(wedding=wedding).update(tasks_total=total, tasks_done=done)
    return context


def _task(wedding, *, done):
    if done:
        return Task(wedding=wedding, title="Done", status="done", completed_at=timezone.now())
    return Task(wedding=wedding, title="To do")


def wedding_of(context):
    return Wedding.objects.get(members__user=context.user)


def stats_of(context):
    return WeddingStats.objects.get(wedding__members__user=context.user)


def profile_of(context):
    return Profile.objects.get(user=context.user)


def user_now(context):
    return User.objects.get(pk=context.user.pk)


def addresses_of(context):
    rows = Address.objects.filter(user=context.user).order_by("pk")
    return [(each.email, each.primary, each.verified) for each in rows]
