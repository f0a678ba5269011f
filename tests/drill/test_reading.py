"""What was read at Stripe, broken at every boundary: all of it is taken over, or nothing."""

import pytest

from tests.drill.breaking import assert_all_or_nothing, each_of
from tests.drill.reading import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


@each_of(SCENARIOS)
def test_it_is_all_or_nothing(scenario):
    assert_all_or_nothing(scenario)
