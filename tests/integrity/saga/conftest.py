import pytest

from integrity.saga.definition import sagas
from tests.integrity.saga import toys


@pytest.fixture(autouse=True)
def own_sagas(monkeypatch):
    monkeypatch.setattr(sagas, "_entries", {})
    toys.provider.__init__()
    toys.declare()


@pytest.fixture
def provider():
    return toys.provider
