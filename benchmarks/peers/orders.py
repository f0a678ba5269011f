"""How a worker is led: a line of JSON in, a line out when it is done. Standard library only, for the
peers' environment knows nothing of ours."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Order = Callable[..., Any]


def obey(orders: Mapping[str, Order]) -> None:
    """Until the input ends."""
    answer(ready=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer(done=orders[order.pop("do")](**order))


def answer(**said: Any) -> None:
    sys.__stdout__.write(json.dumps(said) + "\n")
    sys.__stdout__.flush()
