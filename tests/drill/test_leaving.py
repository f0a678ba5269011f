"""Leaving, broken by every kind of fault: it is asked for as a whole, and each step of it is whole, or
hasn't been taken."""

import pytest

from integrity.drill.core import drill, rehearse
from integrity.drill.observer import observer
from tests.drill.breaking import (
    EVERY,
    assert_all_or_nothing,
    assert_no_problems,
    each_of,
)
from tests.drill.leaving import ASKING, STEPS

pytestmark = pytest.mark.django_db(transaction=True)
# That a step and its record are one transaction is proven of the engine; here each step's own
# writes are struck at some of their boundaries, and at all of them with DRILL=every.
SOME = (0, 1) if EVERY else (0, 4)


@each_of(ASKING)
def test_it_is_all_or_nothing(scenario):
    assert_all_or_nothing(scenario)


@each_of(STEPS)
def test_so_is_each_step(scenario):
    with observer():
        rehearsed = rehearse(scenario)
        for kind in ("raise", "commit_lost"):
            assert_no_problems(drill(scenario, kind, part=SOME, rehearsed=rehearsed))
