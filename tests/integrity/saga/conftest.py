import pytest

from integrity.saga.definition import sagas
from tests import write_guard
from tests.integrity.saga import toys


@pytest.fixture(autouse=True)
def own_sagas(monkeypatch):
    monkeypatch.setattr(sagas, "_entries", dict(sagas._entries))
    # What the provider knows, it writes by itself.
    own = {"toy_mailbox", "toy_answer"}
    monkeypatch.setattr(write_guard, "EXEMPT", write_guard.EXEMPT | own)
    toys.provider.__init__()
    toys.declare()


@pytest.fixture
def provider():
    return toys.provider
