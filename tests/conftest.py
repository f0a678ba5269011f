"""What every test gets: a fresh database, no network, password hashing that costs nothing."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase

from tests import flush, write_guard
from tests.accounts.billing.stripe_story import PRICE
from tests.commands import manage as manage
from tests.spread import ByFile
from tests.vendors import calls_keep_to_the_contracts as calls_keep_to_the_contracts
from tests.vendors import fails as fails
from tests.vendors import have_stand_ins_checked
from tests.vendors import stand_ins as stand_ins
from tests.vendors import vendors as vendors

# Of the published sample events.
PUBLISHED_PRICE = "price_1EvrAftr0000000000000001"
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
# Begun last, any of these would keep one worker busy while the others have nothing left to do.
LONGEST_FIRST = (
    "demo/test_command.py",
    "drill/test_pairs.py",
    "drill/test_twins.py",
    "drill/test_repairs.py",
    "drill/test_repairs_too.py",
    "config/test_settings.py",
    "config/test_embedded_postgres.py",
    "integrity/test_worker.py",
    "accounts/leaving/test_matrix.py",
    "integrity/admin/test_sagas.py",
    "integrity/saga/test_model.py",
    "integrity/test_replica_standby.py",
    "accounts/billing/test_changes.py",
    "drill/",
    "integrity/saga/",
    "integrity/drill/",
    "config/",
    "demo/",
    "contracts/",
)


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # No broker: what a test promises, it delivers itself.
    silent = dict.fromkeys(("DOORBELL", "CHECK_DOORBELL", "REPAIR_DOORBELL", "SAGA_DOORBELL"), "")
    settings.INTEGRITY = {**settings.INTEGRITY, **silent, "ALERT_ADDRESSES": ()}
    # Where no vendor is configured, what the stories of Stripe buy is premium all the same.
    settings.STRIPE_FORMER_PRICES = [PRICE, PUBLISHED_PRICE]
    write_guard.install()
    have_stand_ins_checked()
    TransactionTestCase._fixture_teardown = lambda self: flush.flush()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _turn(item.nodeid.removeprefix("tests/")))


def _turn(name: str) -> int:
    found = [turn for turn, first in enumerate(LONGEST_FIRST) if name.startswith(first)]
    return min(found, default=len(LONGEST_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, request):
    with django_db_blocker.unblock():
        _wait_for_no_disk()
        flush.remember(leftovers=request.config.getvalue("reuse_db"))


def _wait_for_no_disk() -> None:
    """Nobody cuts the power here. For every session on this database, whoever opens it."""
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")
    connection.close()


@pytest.fixture(autouse=True)
def empty_cache(request):
    """Rate limits live in a table; a test that commits would hand what it used to the next."""
    marked = request.node.get_closest_marker("django_db")
    if marked or DATABASE_FIXTURES & set(request.fixturenames):
        request.getfixturevalue("_django_db_helper")
        cache.clear()


@pytest.fixture(autouse=True)
def writes_belong_into_flows():
    yield
    assert not write_guard.take()
