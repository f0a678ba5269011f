"""One kind of registry for everything that is declared once and found by name."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class DuplicateName(Exception):
    """Two declarations share a name. Rename one: names are how findings and logs refer to them."""


class UnknownName(LookupError):
    """Nothing is declared under this name."""


class Registry(Generic[T]):
    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._entries: dict[str, T] = {}

    def add(self, entry: T) -> T:
        if entry.name in self._entries:
            raise DuplicateName(f"The {self._kind} {entry.name!r} is declared twice.")
        self._entries[entry.name] = entry
        return entry

    def get(self, name: str) -> T:
        """The entry, or UnknownName with the nearest name there is."""
        if name in self._entries:
            return self._entries[name]
        near = get_close_matches(name, self._entries, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownName(f"There is no {self._kind} {name!r}.{hint}")

    def names(self) -> list[str]:
        return sorted(self._entries)

    def __iter__(self) -> Iterator[T]:
        return iter([self._entries[name] for name in self.names()])

    def __contains__(self, name: str) -> bool:
        return name in self._entries
