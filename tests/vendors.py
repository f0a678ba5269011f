"""The vendors' stand-ins in the tests: one server for the session, a clean account for each."""

import pytest

from accounts.clients import contacts, http, payments
from accounts.simulators import account
from accounts.simulators.server import Vendors, running
from tests.contracts import published

# Of a client that meets a call that hangs on purpose.
IMPATIENT = 0.2
SLOW = ("hang_after", "delay")


@pytest.fixture(scope="session")
def stand_ins():
    vendors = Vendors()
    for name, vendor in vendors.all.items():
        vendor.checker = published.contract(name)
    with running(vendors) as url:
        vendors.url = url
        yield vendors


@pytest.fixture
def vendors(stand_ins, settings, monkeypatch):
    """Nobody's data, no faults; the site is configured for them, all keep to the contracts."""
    stand_ins.reset()
    monkeypatch.setattr(contacts, "APART", 0)
    payments._sdk.cache_clear()
    for name, value in account.configuration(stand_ins.url).items():
        is_list = isinstance(getattr(settings, name), list)
        setattr(settings, name, [value] if is_list else value)
    yield stand_ins
    violations = stand_ins.violations
    stand_ins.reset()
    payments._sdk.cache_clear()
    assert not violations, violations


@pytest.fixture
def fails(vendors, monkeypatch):
    """Let a vendor's next call fail. To be said before the client is made: it may have to be
    impatient."""

    def script(name, fault):
        vendors.all[name].faults.add(fault)
        if fault.kind in SLOW:
            for client in (payments, http):
                monkeypatch.setattr(client, "READ_SECONDS", IMPATIENT)

    return script
