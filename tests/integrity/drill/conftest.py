import pytest
from django.db import connections

from tests.integrity.drill import toys


@pytest.fixture(scope="package", autouse=True)
def toy_tables(django_db_setup, django_db_blocker):
    """Beside the tables that are emptied after each test: each shot brings rows of its own."""
    with django_db_blocker.unblock():
        toys.run(toys.SCHEMA)
        yield
        connections.close_all()
        toys.run(toys.REMOVE)
        connections.close_all()
