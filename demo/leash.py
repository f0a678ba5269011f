"""Runs a command that ends when its supervisor does, even if that is killed.

    python leash.py SECONDS COMMAND...

Standard input is a pipe that the supervisor holds open and never writes to. The command takes
this process's place; a watcher stays behind in its group, and at the end of the pipe ends them all.
"""

import os
import signal
import sys
import time
from contextlib import suppress

TICK = 0.1
# Above any descriptor that is inherited here: the site's listener among them, or it stays bound.
DESCRIPTORS = 4096


def main() -> None:
    patience, *command = sys.argv[1:]
    if os.fork() == 0:
        _watch(float(patience))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.execv(command[0], command)


def _watch(patience: float) -> None:
    """Ends with its group: the number stays theirs as long as the watcher is there."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(1, DESCRIPTORS)
    os.read(0, 1)
    group = os.getpgrp()
    deadline = time.monotonic() + patience
    with suppress(ProcessLookupError):
        os.kill(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            time.sleep(TICK)
            os.kill(group, 0)
    os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
