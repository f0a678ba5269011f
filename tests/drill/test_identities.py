"""What the identity provider is to be told, broken at every boundary by every kind of fault: all of it is there, or nothing."""

import pytest

from tests.drill.breaking import assert_all_or_nothing, each_of
from tests.drill.identities import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


@each_of(SCENARIOS)
def test_it_is_all_or_nothing(scenario):
    assert_all_or_nothing(scenario)
