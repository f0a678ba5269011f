"""The identity provider's list, page after page, with a rest before each call."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from accounts.clients.identity import PAGE, Identities, Identity
from accounts.clients.outcomes import Wait

R = TypeVar("R")
# Between two calls: the provider doesn't say how many it takes.
PAUSE = 0.2
LONGEST_WAIT, WAITS = 60.0, 5


def pages(client: Identities, first: int) -> Iterator[tuple[int, list[Identity]]]:
    """With their numbers, after a pause each."""
    number = first
    while listed := patiently(partial(client.page, number)):
        yield number, listed
        if len(listed) < PAGE:
            return
        number += 1


def patiently(ask: Callable[[], R]) -> R:
    """Each call after a pause, and after a longer one if the provider asks for that."""
    for _ in range(WAITS):
        time.sleep(PAUSE)
        try:
            return ask()
        except Wait as error:
            time.sleep(min(error.after, LONGEST_WAIT))
    return ask()
