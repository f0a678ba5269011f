"""How much of a proof runs: `make test` takes a part of it that is always the same and goes red when
a write is torn, `make drill` takes all of it.

What is drilled is marked `drill`, and asks here how far to go.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
EVERY = os.environ.get("DRILL") == "every"


def some(all_of_them: Sequence[T], *, of: int) -> Sequence[T]:
    """One of so many, from the first on; in `make drill` each."""
    return all_of_them if EVERY else all_of_them[::of]


def part(number: int = 0, *, of: int) -> tuple[int, int]:
    """As `some`, in the words of `integrity.drill`: which of so many, counted from 0."""
    return (0, 1) if EVERY else (number, of)
