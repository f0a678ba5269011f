import pytest
from django.test import Client


@pytest.fixture
def other_client():
    """Another browser, somewhere else."""
    return Client()
