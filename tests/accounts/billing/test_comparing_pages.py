"""Stripe's lists are read page by page, each once, and only a list that ended proves anything."""

import pytest

from accounts.billing import comparing
from accounts.billing.comparing import compare_with_stripe
from accounts.clients.outcomes import VendorError
from accounts.invariants.comparing import HERE
from accounts.models import Comparison
from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.faults import Fault
from integrity import cli
from tests.accounts.billing.test_comparing import BY, hear_all, result
from tests.accounts.billing.test_comparing import bought as bought
from tests.accounts.billing.test_comparing import stripe as stripe
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("path", ["v1/events", "v1/subscriptions"])
def test_what_was_read_before_an_outage_is_not_read_again(stripe, bought, path, monkeypatch):
    monkeypatch.setattr("accounts.clients.payments.PAGE", 1)
    monkeypatch.setattr(comparing, "PAGE", 1)
    named = {"user_id": str(CoupleFactory().uid)}
    stripe.subscribe(stripe.add_customer({"metadata": named}), STRIPE_PRICE, named)
    passes = Fault("delay", path=path, seconds=0)
    stripe.faults.add(passes, Fault("status", path=path))

    with pytest.raises(VendorError):
        compare_with_stripe(by=BY)
    compare_with_stripe(by=BY)

    told = [each for each in stripe.state["events"].values() if each["type"] in comparing.CHANGES]
    assert Comparison.objects.get().read == len(told) + 2


def test_one_that_stopped_half_way_proves_nothing_though_another_was_finished(stripe, bought):
    hear_all(stripe)
    compare_with_stripe(by=BY)
    assert result(HERE).result == "holds"
    stripe.faults.add(Fault(method="GET", path="v1/subscriptions", kind="status"))

    with pytest.raises(VendorError):
        compare_with_stripe(by=BY)
    assert result(HERE).result == "unknown"


@pytest.mark.parametrize("days", ["0", "-3", "soon", "10001", "1000000000000"])
def test_days_that_no_calendar_has_are_refused(vendors, manage, days):
    told = manage("billing", "compare", f"--days={days}")

    assert (told.code, "--days" in told.err) == (cli.USAGE, True)
