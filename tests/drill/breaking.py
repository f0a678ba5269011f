"""What every file of scenarios is put through. One file each, so that they can run side by side."""

import os

import pytest

from integrity.drill.core import drill, rehearse
from integrity.drill.faults import FAULTS, KINDS
from integrity.drill.observer import observer

EVERY = os.environ.get("DRILL") == "every"
WHOLE = (0, 1)
# To the database a killed process and a cut session are the same: a session that ended. So each
# boundary is struck by an error and by one of the two; with DRILL=every by both.
PARTS = {} if EVERY else {"exit": (0, 2), "terminate": (1, 2)}


def each_of(scenarios):
    return pytest.mark.parametrize("scenario", scenarios, ids=lambda each: each.name)


def kinds_for(scenario):
    """What isn't a flow has nobody who runs it again after a lost race."""
    return [kind for kind in KINDS if scenario.flows or not FAULTS[kind].survived]


def assert_no_problems(report):
    assert not report.problems, f"{report}\n" + "\n".join(report.problems)


def assert_all_or_nothing(scenario):
    """By every kind of fault, after one rehearsal for all of them."""
    with observer():
        rehearsed = rehearse(scenario)
        for kind in kinds_for(scenario):
            part = PARTS.get(kind, WHOLE)
            assert_no_problems(drill(scenario, kind, part=part, rehearsed=rehearsed))
