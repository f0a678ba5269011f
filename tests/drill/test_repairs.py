"""Repairs, broken at every boundary by every kind of fault: all of it is there, or nothing.

Every second one; the others stand beside them, since a file runs in one process.
"""

import pytest

from tests.drill.breaking import assert_all_or_nothing, each_of
from tests.drill.repairs import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


@each_of(SCENARIOS[::2])
def test_it_is_all_or_nothing(scenario):
    assert_all_or_nothing(scenario)
