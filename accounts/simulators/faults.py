"""What goes wrong on purpose: which call, in which way, how often."""

import os
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = {
    "status": "answered with an error, and nothing happens",
    "garbage": "a proxy's page of HTML instead of an answer, and nothing happens",
    "delay": "happens and is answered, but late",
    "reset_before": "the connection breaks before anything happens",
    "reset_after": "it happens, and the answer is lost with the connection",
    "hang_after": "it happens, and the answer comes too late",
    "status_after": "it happens, and is answered with an error",
    "changed": "it happens, and somebody else changes the object at once",
}
FOREVER = 1_000_000


@dataclass
class Fault:
    """One line of a script.

    Args:
        method: of the calls that are meant; empty for all.
        path: what the path, as it was sent, has in it.
        kind: one of KINDS.
        times: how many calls; FOREVER until it is taken away, also over a restart.
        seconds: of a delay or a hang.
        values: what somebody else sets, of `changed`.
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    status: int = 500
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")

    @property
    def stays(self) -> bool:
        return self.times >= FOREVER

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("", method) and self.path in path


class Faults:
    """The script of one vendor. The first line that matches a call is used up by it."""

    def __init__(self) -> None:
        self._lines: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._lines += faults

    def clear(self) -> None:
        with self._lock:
            self._lines = []

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            found = next((line for line in self._lines if line.matches(method, path)), None)
            if found and not found.stays:
                found.times -= 1
                self._lines = [line for line in self._lines if line.times > 0]
            return found

    def __len__(self) -> int:
        return len(self._lines)

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{**asdict(line), "stays": line.stays} for line in self._lines]

    def kept(self) -> list[dict[str, Any]]:
        """Those that a restart doesn't end."""
        with self._lock:
            return [asdict(line) for line in self._lines if line.stays]


def reset(connection: socket.socket) -> None:
    """Break the connection under the peer's hands.

    A plain close would not: the server's file objects keep the descriptor open.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
    raise ConnectionResetError("on purpose")
