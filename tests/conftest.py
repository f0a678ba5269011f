"""What every test gets: an empty cache, no network, password hashing that costs nothing."""

import pytest
from django.conf import settings
from django.core.cache import cache

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def empty_cache(request):
    """Rate limits live in a table; a test that commits would hand what it used to the next."""
    marked = request.node.get_closest_marker("django_db")
    if marked or DATABASE_FIXTURES & set(request.fixturenames):
        request.getfixturevalue("_django_db_helper")
        cache.clear()
