import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import override_settings

from tests.drill import platform


@pytest.fixture(scope="package", autouse=True)
def somebody_is_told():
    """So that a check which finds something has an alert to promise. Nobody delivers it."""
    told = {**settings.INTEGRITY, "ALERT_ADDRESSES": ("json://127.0.0.1:9/",)}
    with override_settings(INTEGRITY=told):
        yield


@pytest.fixture(scope="package", autouse=True)
def ledger(django_db_setup, django_db_blocker):
    """Where the relay's effect happens: outside, for good."""
    with django_db_blocker.unblock():
        with connections["default"].cursor() as cursor:
            cursor.execute("CREATE TABLE drill_ledger (key text)")
        platform.register_ledger()
        yield
        with connections["default"].cursor() as cursor:
            cursor.execute("DROP TABLE drill_ledger")
        connections.close_all()


@pytest.fixture(autouse=True)
def something_to_buy(settings):
    settings.STRIPE_API_KEY, settings.STRIPE_PRICE = "sk_test_any", "price_any"
