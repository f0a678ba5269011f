from dataclasses import dataclass

import pytest

from integrity.registry import DuplicateName, Registry, UnknownName


@dataclass(frozen=True)
class Thing:
    name: str


@pytest.fixture
def registry():
    registry = Registry("thing")
    for name in ("b.second", "a.first"):
        registry.add(Thing(name))
    return registry


def test_a_thing_is_found_by_its_name(registry):
    assert registry.get("a.first") == Thing("a.first")
    assert "a.first" in registry
    assert "a.third" not in registry


def test_they_come_in_the_order_of_their_names(registry):
    assert registry.names() == ["a.first", "b.second"]
    assert [thing.name for thing in registry] == ["a.first", "b.second"]


def test_a_name_is_given_once(registry):
    with pytest.raises(DuplicateName, match=r"The thing 'a.first' is declared twice."):
        registry.add(Thing("a.first"))


def test_an_unknown_name_is_answered_with_the_nearest(registry):
    with pytest.raises(UnknownName, match=r"no thing 'a.frist'. Did you mean 'a.first'\?"):
        registry.get("a.frist")


def test_a_name_like_none_gets_no_advice(registry):
    with pytest.raises(UnknownName) as unknown:
        registry.get("zzz")

    assert "Did you mean" not in str(unknown.value)
