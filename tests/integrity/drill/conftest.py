import pytest
from django.db import connections

from tests.integrity.drill import toys


@pytest.fixture(scope="package")
def _django_db_helper(django_db_setup, django_db_blocker):
    """Instead of pytest-django's: the drill commits and looks from other connections, so nothing
    is rolled back after a test. What is left is removed after the last one of the package."""
    with django_db_blocker.unblock():
        toys.run(toys.SCHEMA)
        yield
        connections.close_all()
        toys.run(toys.REMOVE)
        connections.close_all()
