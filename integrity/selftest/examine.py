"""Break an invariant on purpose, and demand: found, mended, clean, and undone where that is lawful."""

from dataclasses import dataclass

from django.db.models import QuerySet

from integrity.audit import Actor
from integrity.evaluate import Result, evaluate
from integrity.invariants.declare import invariants
from integrity.models import Finding, RepairPlan
from integrity.repair.apply import apply, undo
from integrity.repair.approve import approve
from integrity.repair.declare import Repair, repairs_of
from integrity.repair.errors import Refused
from integrity.repair.plan import plan_repair
from integrity.selftest.breaking import breakers
from integrity.sweep import check

ONE = Actor("command", "selftest", "selftest", via="cli")
OTHER = Actor("command", "selftest's second person", "selftest", via="cli")


@dataclass(frozen=True)
class Examined:
    """What became of one invariant. Without problems it does what it says."""

    invariant: str
    repair: str | None
    undo: str | None
    problems: list[str]


class Disappointed(Exception):
    """Something that has to happen didn't."""


def examine(name: str) -> Examined:
    """Examine one invariant, on a database that nobody needs.

    Raises:
        UnknownName: there is no such invariant.
    """
    invariants.get(name)
    mended = undone = None
    problems: list[str] = []
    try:
        _break(name)
        for repair in repairs_of(name)[:1]:
            mended = repair.name
            undone = _mend(repair)
    except Exception as error:  # noqa: BLE001 - the rim: one failure hides no other's
        problems = [f"{type(error).__name__}: {error}" if str(error) else type(error).__name__]
    return Examined(name, mended, undone, problems)


def _break(name: str) -> None:
    _demand(name in breakers, "it has no breaker")
    _demand(_result(name) == "holds", "it doesn't hold before it is broken")
    breakers.get(name).break_it()
    check([name], by=ONE, current=True)
    _demand(_result(name) == "broken", "it was broken, and the check doesn't say so")
    _demand(_open(name).exists(), "it was broken, and there is no finding")


def _mend(repair: Repair) -> str:
    """Returns what the undo came to."""
    plan = plan_repair(repair=repair.name, by=ONE)
    approve(plan=plan.uid, hash=plan.hash, by=OTHER)
    confirmed = [each.confirm for each in repair.obstacles() if each.confirm]
    done = apply(plan=plan.uid, by=ONE, confirmed=confirmed)
    _demand(done.applied == done.changes, f"{repair.name} didn't do all that it planned")
    _demand(done.verdict == "holds", f"after {repair.name} it doesn't hold")
    # What a repair has only promised is suspected until the promise is kept.
    promised = _evaluated(repair.invariant).suspected
    _demand(_open(repair.invariant).count() <= promised, "a finding outlived its repair")
    return _take_back(repair, done)


def _take_back(repair: Repair, done: RepairPlan) -> str:
    if done.irreversible:
        return "irreversible, as declared"
    try:
        undone = undo(plan=done.uid, by=ONE)
    except Refused as refusal:
        _demand(done.undo_refusal, f"the plan didn't say that its undo is refused: {refusal}")
        return f"refused, as the plan said: {done.undo_refusal}"
    _demand(not done.undo_refusal, "the plan said that its undo would be refused, and it wasn't")
    _demand(undone.undone == done.applied, "not all of it was undone")
    _demand(_result(repair.invariant) == "broken", "after the undo it isn't as it was")
    return "undone"


def _result(name: str) -> str:
    return _evaluated(name).result


def _evaluated(name: str) -> Result:
    return evaluate([name], current=True).results[0]


def _open(name: str) -> "QuerySet[Finding]":
    return Finding.objects.filter(invariant=name, resolved_at=None)


def _demand(true: object, otherwise: str) -> None:
    if not true:
        raise Disappointed(otherwise)
