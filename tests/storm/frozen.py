"""A worker that stands still between its last look at its lease and its call."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from integrity.models import Saga, SagaEvent
from tests.rivals import wait_until

FROZEN = "frozen"


def order(folder: Path, step: str) -> Path:
    """The next worker at this step takes the file, and freezes."""
    return folder / f"freeze at {step}"


def is_stopped(pid: int) -> bool:
    """By its line of /proc: number, name in parentheses, state."""
    line = Path(f"/proc/{pid}/stat").read_text()
    return line.rpartition(") ")[2].startswith("T")


@dataclass
class Frozen:
    """Found as soon as it is."""

    pid: int
    fence: int

    @classmethod
    def at(cls, saga: Saga, folder: Path, ring) -> "Frozen":
        note = folder / FROZEN
        wait_until(lambda: ring() or note.exists())
        pid = int(note.read_text())
        note.unlink()
        wait_until(lambda: is_stopped(pid))
        saga.refresh_from_db()
        assert saga.owner.endswith(f":{pid}")
        return cls(pid, saga.fence)

    def wait_for_another(self, saga: Saga, ring) -> None:
        """Until another worker has written in its place."""
        later = SagaEvent.objects.filter(saga=saga, fence__gt=self.fence, actor_kind="system")
        wait_until(lambda: ring() or later.exists())
        assert is_stopped(self.pid)

    def thaw(self) -> None:
        assert is_stopped(self.pid)
        os.kill(self.pid, signal.SIGCONT)
