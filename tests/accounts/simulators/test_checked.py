"""What is asked is held against the contract, whatever becomes of it."""

import httpx
import pytest

from accounts.simulators.faults import Fault
from tests.contracts import published

pytestmark = published.needed


@pytest.mark.parametrize(
    "kind", ["status", "garbage", "reset_before", "reset_after", "status_after"]
)
def test_a_call_that_fails_on_purpose_is_checked_too(vendors, kind):
    vendors.stripe.faults.add(Fault(kind))
    try:
        httpx.get(f"{vendors.url}/stripe/v1/coupons", headers={"Authorization": "Bearer a"})
    except httpx.TransportError:
        assert kind.startswith("reset")

    (violation,) = vendors.stripe.violations
    assert "no such operation" in violation
    vendors.stripe.violations.clear()
