"""Leaving, broken by every kind of fault: it is asked for as a whole, and each step of it is whole, or
hasn't been taken."""

import pytest

from tests.drill.breaking import assert_all_or_nothing, assert_the_step_is_whole, each_of
from tests.drill.leaving import ASKING, STEPS

pytestmark = pytest.mark.django_db(transaction=True)


@each_of(ASKING)
def test_it_is_all_or_nothing(scenario):
    assert_all_or_nothing(scenario)


@each_of(STEPS)
def test_so_is_each_step(scenario):
    assert_the_step_is_whole(scenario)
