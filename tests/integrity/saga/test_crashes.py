"""The worker dies at every boundary, on the way forward and on the way back; another goes on.

A boundary is a COMMIT, before and after, and a call to the provider, before and after its effect:
what dies in between was rolled back, or never left. A COMMIT that fails is raised, one after which
nobody lives on is a process that exits; at a call it is both. The toy provider's table is the oracle.
"""

import os
import random
from contextlib import suppress

import pytest
from django.db import OperationalError

from integrity.drill.boundaries import COMMIT, watch
from integrity.drill.faults import KILLED, run_in_child
from integrity.models import Saga
from integrity.saga.engine import run_due
from tests.extent import EVERY, some
from tests.integrity.saga.toys import begin, is_whole, pass_time, provider, settle

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
MONTH = 31 * 86_400
PAIRS = 60 if EVERY else 8


class Killed(BaseException):
    """Nothing of the engine catches it."""


class Boundaries:
    """Passes them by, and dies at one."""

    def __init__(self, at=0, die=None):
        self.at, self.die, self.passed = at, die, []

    def see(self, label, when):
        if label == COMMIT:
            self(f"{when} {label}")

    def __call__(self, label):
        self.passed.append(label)
        if len(self.passed) == self.at:
            self.die(label)


def live(boundaries):
    """From the start to the end, as one worker does it."""
    provider.visit = boundaries
    with watch(boundaries.see):
        for _ in range(3):
            run_due()
            pass_time(MONTH)


def raising(boundaries):
    def die(label):
        raise OperationalError(label) if COMMIT in label else Killed

    boundaries.die = die
    with suppress(Killed):
        live(boundaries)
    assert len(boundaries.passed) >= boundaries.at


def exiting(boundaries):
    boundaries.die = lambda label: os._exit(KILLED)
    assert run_in_child(lambda: live(boundaries)) == KILLED


def came_to(name):
    return is_whole(name), Saga.objects.get(subject=name).state


@pytest.mark.parametrize(
    ("dying", "spared"), [(raising, "after COMMIT"), (exiting, "before COMMIT")]
)
@pytest.mark.parametrize(
    ("rejects", "end"), [("", ("closed", "completed")), ("refund", ("as before", "compensated"))]
)
def test_wherever_a_worker_dies_the_next_one_brings_it_to_the_same_end(dying, spared, rejects, end):
    provider.rejects = rejects
    clean = Boundaries()
    begin("clean")
    live(clean)
    assert came_to("clean") == end
    assert len(clean.passed) > 30

    halves = {}
    struck = [(n, label) for n, label in enumerate(clean.passed, 1) if label != spared]
    for number, label in some(struck, of=3):
        begin(name := str(number))
        dying(Boundaries(number))
        provider.visit = lambda label: None
        pass_time(MONTH)
        settle(seconds=MONTH)
        if came_to(name) != end:
            halves[f"{number} {label}"] = came_to(name)
    assert halves == {}


@pytest.mark.drill
@pytest.mark.parametrize(
    ("rejects", "end"), [("", ("closed", "completed")), ("refund", ("as before", "compensated"))]
)
def test_where_the_next_one_dies_as_well_it_comes_to_the_same_end(rejects, end):
    """Pairs are drawn: CRASH_SEED draws the same again."""
    seed = os.environ.get("CRASH_SEED") or str(random.SystemRandom().randrange(10**6))
    chance = random.Random(seed)
    provider.rejects = rejects
    clean = Boundaries()
    begin("clean")
    live(clean)

    halves = {}
    for number in range(PAIRS):
        first, second = (chance.randint(1, len(clean.passed)) for _ in range(2))
        begin(name := str(number))
        for at in (first, second):
            with suppress(Killed):
                live(Boundaries(at, dies))
            pass_time(MONTH)
        provider.visit = lambda label: None
        settle(seconds=MONTH)
        if came_to(name) != end:
            halves[f"{first} {second}"] = came_to(name)
    assert halves == {}, f"CRASH_SEED={seed}"


def dies(label):
    raise OperationalError(label) if COMMIT in label else Killed
