"""What tests say of lists of people that are read."""

from accounts.elsewhere.listing import read_list
from accounts.elsewhere.people import SIDES
from accounts.models import Difference, Listing
from integrity.audit import command_actor
from integrity.evaluate import evaluate
from integrity.repair import repairs_of
from integrity.repair.approve import approve
from integrity.repair.plan import plan_repair
from integrity.transactions import transaction

BY = command_actor("a test")
IDENTITIES, CONTACTS = SIDES[Listing.Of.IDENTITIES], SIDES[Listing.Of.CONTACTS]


def read(side, times=1):
    """What differs was first seen an hour ago."""
    for _ in range(times):
        listing = read_list(side, by=BY)
    Difference.objects.update(first_seen_at="2020-01-01T00:00Z")
    return listing


def seen():
    """What differs by finished readings, of whom."""
    rows = Difference.objects.filter(readings__gt=0)
    return set(rows.values_list("what", "their_id"))


def result(name):
    (found,) = evaluate([name]).results
    return found


def counts(name):
    """The result in a word, how many are broken, how many are suspected."""
    found = result(name)
    return found.result, found.count, found.suspected


def mend(name):
    """Promise what the repair of this invariant would."""
    (action,) = repairs_of(name)
    deeds = list(action.observe())
    with transaction():
        for deed in deeds:
            action.perform(deed)
    return [deed.before["there"] for deed in deeds]


def approved_by_who_planned_it(name):
    (action,) = repairs_of(name)
    plan = plan_repair(repair=action.name, by=BY)
    approve(plan=plan.uid, hash=plan.hash, by=BY)


def obstacles(name):
    (action,) = repairs_of(name)
    return [each.text for each in action.obstacles()]
