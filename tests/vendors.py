"""The vendors' stand-ins in the tests: one server for the session, a clean account for each."""

from functools import cache

import pytest

from accounts.clients import contacts, http, payments
from accounts.simulators import account
from accounts.simulators.server import Vendors, running
from tests.contracts import published

# All stand-ins of this process that somebody may still talk to.
made = []

# Of a client that meets a call that hangs on purpose.
IMPATIENT = 0.2
SLOW = ("hang_after", "delay")


def have_stand_ins_checked():
    """Whoever makes stand-ins, a test or what it tests, has them held against the contracts."""
    make = Vendors.__init__

    def make_strict(self, **options):
        make(self, **options)
        be_strict(self)
        made.append(self)

    Vendors.__init__ = make_strict


def be_strict(vendors):
    for name, vendor in vendors.all.items():
        vendor.checker = contract(name)


@cache
def contract(name):
    return published.contract(name)


def take_violations():
    """What was found since the last time; nobody's stand-ins but the session's go on."""
    violations = [line for vendors in made for line in vendors.violations]
    lasting = [each for each in made if hasattr(each, "url")]
    for each in lasting:
        each.reset()
    made[:] = lasting
    return violations


@pytest.fixture(autouse=True)
def calls_keep_to_the_contracts():
    yield
    violations = take_violations()
    assert not violations, violations


@pytest.fixture(scope="session")
def stand_ins():
    vendors = Vendors()
    with running(vendors) as url:
        vendors.url = url
        yield vendors


@pytest.fixture
def vendors(stand_ins, settings, monkeypatch):
    """Nobody's data, no faults; the site is configured for them, all keep to the contracts."""
    stand_ins.reset()
    # A test may have switched it off.
    be_strict(stand_ins)
    monkeypatch.setattr(contacts, "APART", 0)
    payments._sdk.cache_clear()
    for name, value in account.configuration(stand_ins.url).items():
        is_list = isinstance(getattr(settings, name), list)
        setattr(settings, name, [value] if is_list else value)
    yield stand_ins
    payments._sdk.cache_clear()


@pytest.fixture
def without_identities(vendors, settings):
    """No identity provider, which would miss whoever a factory has made. A module for whose tests
    these are all there are says `vendors = without_identities`."""
    settings.SUPABASE_URL = settings.SUPABASE_SERVICE_KEY = ""
    return vendors


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
