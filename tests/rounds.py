"""No test goes round for ever."""

from collections.abc import Callable, Iterator


def rounds_until(true: Callable[[], object], what: str, *, most: int = 100) -> Iterator[int]:
    """The turns of a loop that ends as soon as this is true.

    Args:
        what: is waited for. Said by the AssertionError where it hasn't come after the most turns.
    """
    for turn in range(most):
        if true():
            return
        yield turn
    assert true(), f"After {most} rounds there is still not: {what}"
