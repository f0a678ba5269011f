import pytest
from django.db.models import F

from integrity import flows
from integrity.invariants import declare, invariant, invariants
from integrity.outbox import effect, effects
from integrity.repair import repairs
from tests.database import execute
from tests.integrity.mailroom import Clock, Post
from tests.integrity.toy import apps as toy

toy.install()
from tests.integrity.toy.models import Book  # noqa: E402 - now that its app is there


@pytest.fixture(autouse=True)
def own_registries(monkeypatch):
    """What a test declares is gone after it: no other test meets a toy."""
    for registry in (effects, invariants, repairs, flows._registry):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))


@pytest.fixture
def declared(own_registries):
    """Declare an invariant in a registry that holds no other."""
    invariants._entries.clear()
    repairs._entries.clear()
    return declare


@pytest.fixture
def lost_books(declared):
    """Declare that no book is lost."""

    def declare(name="toy.no_book_is_lost", **options):
        @invariant(name, **options)
        def no_book_is_lost():
            return Book.objects.filter(state="lost").annotate(actual=F("title"))

    return declare


@pytest.fixture
def setting(settings):
    """Set one of INTEGRITY's settings."""

    def change(**values):
        settings.INTEGRITY = {**settings.INTEGRITY, **values}

    return change


@pytest.fixture
def post():
    """Delivers the effect test.note."""
    return effect("test.note")(Post())


@pytest.fixture
def clock(monkeypatch):
    """The relay's."""
    clock = Clock()
    monkeypatch.setattr("integrity.relay.time", clock)
    return clock


@pytest.fixture
def deferred_check(transactional_db):
    """A table whose every row breaks a promise that is checked at COMMIT."""
    execute("CREATE TABLE toy_parent (id int PRIMARY KEY)")
    execute(
        "CREATE TABLE toy_child (parent int REFERENCES toy_parent DEFERRABLE INITIALLY DEFERRED)"
    )
    yield
    execute("DROP TABLE toy_child, toy_parent")
