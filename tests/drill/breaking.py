"""What every file of scenarios is put through. One file each, so that they can run side by side."""

import pytest

from integrity.drill.boundaries import AFTER
from integrity.drill.core import drill, rehearse
from integrity.drill.faults import FAULTS, KINDS
from integrity.drill.observer import observer
from tests.drill.points import POINTS
from tests.extent import EVERY, part

# An error, a killed process and a session that is cut all leave a write where it was: `make test`
# strikes a boundary by one of the three. The answer to each COMMIT gets lost in any case.
PARTS = {
    "raise": part(0, of=3),
    "exit": part(1, of=3),
    "terminate": part(2, of=3),
    "conflict": part(of=3),
    "close": part(of=2),
    "commit_lost": part(of=1),
}
# That a step of a saga and its record are one transaction is proven of the engine; what each step
# writes itself is struck at some of its boundaries.
OF_A_STEP = part(of=4)
# One that names no table may call a function that writes.
READS = ("SELECT ", "SET", "SAVEPOINT", "RELEASE", "BEGIN")
drilled = set()


def each_of(scenarios):
    """Marked as well, so that `make drill` leaves none out."""
    drilled.update(each.name for each in scenarios)
    one_by_one = pytest.mark.parametrize("scenario", scenarios, ids=lambda each: each.name)
    return lambda test: pytest.mark.drill(one_by_one(test))


def kinds_for(scenario):
    """What isn't a flow has nobody who runs it again after a lost race."""
    return [kind for kind in KINDS if scenario.flows or not FAULTS[kind].survived]


def struck(kind, boundaries):
    """The numbers of those to strike by this kind.

    Wherever between two writes a fault comes, it finds the same: `make test` strikes there once,
    before the later one.
    """
    chosen = FAULTS[kind].chosen(boundaries)
    if not EVERY:
        chosen = [each for each in chosen if each.when == AFTER or not each.label.startswith(READS)]
    first, step = PARTS[kind]
    return [each.number for each in chosen[first::step]]


def assert_no_problems(report):
    assert not report.problems, f"{report}\n" + "\n".join(report.problems)


def rehearsed_as_reviewed(scenario):
    """None gains a statement without anybody looking."""
    rehearsed = rehearse(scenario)
    boundaries, _ = rehearsed
    assert len(boundaries) == POINTS.get(scenario.name), "\n".join(
        [f"Review them, then put {scenario.name!r}: {len(boundaries)} into points.py:"]
        + [f"{each.number} {each}" for each in boundaries]
    )
    return rehearsed


def assert_all_or_nothing(scenario):
    """By every kind of fault, after one rehearsal for all of them."""
    with observer():
        rehearsed = rehearsed_as_reviewed(scenario)
        for kind in kinds_for(scenario):
            points = struck(kind, rehearsed[0])
            assert_no_problems(drill(scenario, kind, points=points, rehearsed=rehearsed))


def assert_the_step_is_whole(scenario):
    with observer():
        rehearsed = rehearsed_as_reviewed(scenario)
        for kind in ("raise", "commit_lost"):
            assert_no_problems(drill(scenario, kind, part=OF_A_STEP, rehearsed=rehearsed))
