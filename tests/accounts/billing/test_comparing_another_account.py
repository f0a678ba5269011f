"""What one account of Stripe's lists is nothing against what another one has listed before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.billing.comparing import compare_with_stripe
from accounts.clients.outcomes import VendorError
from accounts.models import ListedSubscription
from accounts.simulators.faults import Fault
from tests.accounts.billing.test_comparing import AGREES, BY, hear_all, result
from tests.accounts.billing.test_comparing import bought as bought
from tests.accounts.billing.test_comparing import stripe as stripe

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def differing(stripe, bought):
    """Noted yesterday, and not listed any more."""
    hear_all(stripe)
    compare_with_stripe(by=BY)
    ListedSubscription.objects.create(
        stripe_id="sub_of_another_account",
        status="active",
        cancel_at_period_end=False,
        period_end=timezone.now(),
        seen_at=timezone.now() - timedelta(days=1),
        differs_since=timezone.now() - timedelta(days=1),
    )


def test_what_is_listed_no_more_differs_no_more(differing):
    assert result(AGREES).count == 1

    compare_with_stripe(by=BY)

    assert result(AGREES).result == "holds"


def test_but_only_once_the_list_was_read_to_its_end(differing, stripe):
    stripe.faults.add(Fault("status", path="v1/subscriptions"))

    with pytest.raises(VendorError, match="subscriptions"):
        compare_with_stripe(by=BY)

    assert ListedSubscription.objects.exists()
