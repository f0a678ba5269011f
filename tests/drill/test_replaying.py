"""A replay of tombstones, broken by every kind of fault."""

import pytest

from tests.drill.breaking import assert_all_or_nothing, each_of
from tests.drill.replaying import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


@each_of(SCENARIOS)
def test_it_is_all_or_nothing(scenario):
    assert_all_or_nothing(scenario)
