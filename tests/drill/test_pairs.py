"""Pairs of flows on two connections, in every order of their statements."""

import pytest

from integrity.drill.interleave import interleave
from tests.drill import (
    pairs_accounts,
    pairs_billing,
    pairs_changing,
    pairs_exporting,
    pairs_leaving,
    pairs_membership,
    pairs_onboarding,
    pairs_plan,
)
from tests.drill.breaking import assert_no_problems
from tests.extent import part

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "pair",
    [
        *pairs_accounts.PAIRS,
        *pairs_billing.PAIRS,
        *pairs_changing.PAIRS,
        *pairs_exporting.PAIRS,
        *pairs_leaving.PAIRS,
        *pairs_membership.PAIRS,
        *pairs_onboarding.PAIRS,
        *pairs_plan.PAIRS,
    ],
    ids=lambda each: each.name,
)
def test_they_may_meet_anywhere(pair):
    assert_no_problems(interleave(pair, part=part(of=5)))
