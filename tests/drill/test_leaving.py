"""Leaving, broken by every kind of fault: it is asked for as a whole, and each step of it is whole, or
hasn't been taken."""

import pytest

from integrity.drill.core import drill
from tests.drill.breaking import (
    EVERY,
    assert_all_or_nothing,
    assert_no_problems,
    each_by_every_fault,
)
from tests.drill.leaving import ASKING, STEPS

pytestmark = pytest.mark.django_db(transaction=True)
# That a step and its record are one transaction is proven of the engine; here each step's own
# writes are struck at some of their boundaries, and at all of them with DRILL=every.
SOME = (0, 1) if EVERY else (0, 4)


@each_by_every_fault(ASKING)
def test_it_is_all_or_nothing(scenario, kind):
    assert_all_or_nothing(scenario, kind)


@pytest.mark.parametrize("kind", ["raise", "commit_lost"])
@pytest.mark.parametrize("scenario", STEPS, ids=lambda each: each.name)
def test_so_is_each_step(scenario, kind):
    assert_no_problems(drill(scenario, kind, part=SOME))
