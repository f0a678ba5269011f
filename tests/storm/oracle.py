"""What the vendors' ledgers, the mails and the timelines say of deletions that are over."""

from itertools import pairwise

from accounts.mail import render
from accounts.models import Tombstone, User
from integrity.models import Saga
from tests.accounts.leaving.story import AS_BEFORE, at_vendors

GONE = {"customer": False, "subscription": "canceled", "contact": False, "identity": False}
BACK = {"compensating", "cancelled", "undo_begun"}
# In this order, each once, and nothing of what it is done to afterwards.
ENDS = [
    ("stripe", "subscription", "customer.subscription.deleted"),
    ("stripe", "customer", "customer.deleted"),
    ("resend", "contact", "contact.removed"),
    ("supabase", "uid", "user.deleted"),
]


def troubles(known, vendors) -> list[str]:
    """Empty if the account went everywhere, or stayed everywhere."""
    found = []
    for saga in Saga.objects.filter(subject=known.uid).order_by("pk"):
        found += _of_the_timeline(saga)
    ends = {
        "completed": _unless_gone,
        "compensated": _unless_as_before,
    }
    return [*found, *ends[saga.state](known, vendors)]


def _of_the_timeline(saga: Saga) -> list[str]:
    """Who was passed by another has written nothing since; nothing was undone behind the seal."""
    lines = list(saga.events.order_by("pk"))
    found = [
        f"{after} by {after.fence} after {before} by {before.fence}"
        for before, after in pairwise(lines)
        if after.fence < before.fence
    ]
    sealed = [number for number, line in enumerate(lines) if str(line) == "step_done seal"]
    if any(line.event in BACK for line in lines[min(sealed, default=len(lines)) :]):
        found.append("undone behind the seal")
    return found


def _unless_gone(known, vendors) -> list[str]:
    left = at_vendors(known, vendors)
    found = [f"{name}: {left[name]}" for name, wanted in GONE.items() if left[name] != wanted]
    times = []
    for vendor, name, verb in ENDS:
        theirs = vendors.all[vendor].effects(id=getattr(known, name))
        ends = [effect for effect in theirs if effect.verb == verb]
        if len(ends) != 1:
            found.append(f"{len(ends)} times {verb}")
        if theirs[-1].verb != verb:
            found.append(f"{theirs[-1].verb} after {verb}")
        times += [effect.at for effect in ends]
    if times != sorted(times):
        found.append("out of order")
    if User.objects.filter(uid=known.uid).exists():
        found.append("still here")
    if not Tombstone.objects.filter(uid=known.uid).exists():
        found.append("no tombstone")
    return [*found, *_unless_told("left", known, vendors)]


def _unless_as_before(known, vendors) -> list[str]:
    now = at_vendors(known, vendors)
    found = [f"{name}: {now[name]}" for name, wanted in AS_BEFORE.items() if now[name] != wanted]
    user = User.objects.filter(uid=known.uid, is_active=True, leaving_since=None).first()
    if user is None:
        found.append("not as before here")
    if Tombstone.objects.filter(uid=known.uid).exists():
        found.append("a tombstone")
    return [*found, *_unless_told("staying", known, vendors)]


def _unless_told(kind: str, known, vendors) -> list[str]:
    """Once, by a mail."""
    address = known.user.email
    subject = render(kind, to=address, context={"link": "", "asked": True})["subject"]
    mails = vendors.resend.state["emails"].values()
    told = [mail for mail in mails if mail["to"] == [address] and mail["subject"] == subject]
    return [] if len(told) == 1 else [f"told {len(told)} times that it is {kind}"]
