"""Pairs of flows on two connections, in every order of their statements."""

import pytest

from integrity.drill.interleave import interleave
from tests.drill import pairs_accounts, pairs_onboarding

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "pair", [*pairs_accounts.PAIRS, *pairs_onboarding.PAIRS], ids=lambda each: each.name
)
def test_they_may_meet_anywhere(pair):
    report = interleave(pair)

    assert not report.problems, f"{report}\n" + "\n".join(report.problems)
