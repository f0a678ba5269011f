"""Whoever calls a stand-in otherwise than the vendor's document says is found, whatever the test."""

import httpx

from accounts.simulators.account import STRIPE_KEY
from accounts.simulators.server import Vendors, running
from tests.contracts import published
from tests.vendors import take_violations

pytestmark = published.needed


def call(address):
    headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
    httpx.get(f"{address}/stripe/v1/customers?nonsense=1", headers=headers)


def test_a_call_outside_the_contract_is_found_without_the_fixture(stand_ins):
    call(stand_ins.url)

    assert "unknown query parameter 'nonsense'" in take_violations()[0]


def test_so_is_one_to_stand_ins_of_somebody_s_own():
    with running(Vendors()) as address:
        call(address)

    assert "unknown query parameter 'nonsense'" in take_violations()[0]


def test_a_checker_that_a_test_switched_off_is_on_again_for_the_next(stand_ins, request):
    stand_ins.stripe.checker = None

    vendors = request.getfixturevalue("vendors")

    assert vendors.stripe.checker is not None
