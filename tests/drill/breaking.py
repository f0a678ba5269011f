"""What every file of scenarios is put through. One file each, so that they can run side by side."""

import os

import pytest

from integrity.drill.core import drill
from integrity.drill.faults import FAULTS, KINDS

EVERY = os.environ.get("DRILL") == "every"
WHOLE = (0, 1)
# To the database a killed process and a cut session are the same: a session that ended. So each
# boundary is struck by an error and by one of the two; with DRILL=every by both.
PARTS = {} if EVERY else {"exit": (0, 2), "terminate": (1, 2)}


def each_by_every_fault(scenarios):
    """What isn't a flow has nobody who runs it again after a lost race."""
    return pytest.mark.parametrize(
        ("scenario", "kind"),
        [
            pytest.param(scenario, kind, id=f"{scenario.name}-{kind}")
            for scenario in scenarios
            for kind in KINDS
            if scenario.flows or not FAULTS[kind].survived
        ],
    )


def assert_no_problems(report):
    assert not report.problems, f"{report}\n" + "\n".join(report.problems)


def assert_all_or_nothing(scenario, kind):
    assert_no_problems(drill(scenario, kind, part=PARTS.get(kind, WHOLE)))
