import pytest
from django.db import connections

from tests.drill import platform


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
