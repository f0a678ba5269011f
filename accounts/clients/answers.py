"""Take a vendor's answer apart without trust: one of another shape tells nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from accounts.clients.outcomes import Unknown

# What the tables keep of one.
LONGEST_ID = 255


@contextmanager
def understood(operation: str) -> Iterator[None]:
    """Around whatever reads an answer. It may be a proxy's, and says nothing about the effect."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise Unknown(operation, code="not_understood") from None


def text_in(told: Mapping[str, Any], name: str) -> str:
    """Raises TypeError, KeyError; ValueError where no database could keep it."""
    found = told[name]
    if not (isinstance(found, str) and found):
        raise TypeError(name)
    if b"\0" in found.encode():
        raise ValueError(name)
    return found


def id_in(told: Mapping[str, Any], name: str = "id") -> str:
    """Raises TypeError, KeyError, ValueError."""
    found = text_in(told, name)
    if len(found) > LONGEST_ID:
        raise ValueError(name)
    return found


def rows_in(page: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Raises TypeError, KeyError."""
    found = page[name]
    if not (isinstance(found, list) and all(isinstance(row, dict) for row in found)):
        raise TypeError(name)
    return found


def truth_in(told: Mapping[str, Any], name: str) -> bool:
    """Raises TypeError, KeyError."""
    found = told[name]
    if not isinstance(found, bool):
        raise TypeError(name)
    return found
