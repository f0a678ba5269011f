"""A few processes under one roof: started together, restarted when one dies, stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

STOP_SECONDS = 15.0
LEASH = Path(__file__).with_name("leash.py")
TICK = 0.2


class GaveUp(Exception):
    """A process died so often that starting it again is pointless."""


@dataclass
class Program:
    name: str
    command: Sequence[str]
    pass_fds: Sequence[int] = ()
    deaths: list[float] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None


class Supervisor:
    def __init__(
        self,
        programs: Sequence[Program],
        *,
        cwd: Path,
        env: Mapping[str, str],
        say: Callable[[str], None],
        most_deaths: int = 3,
        within: float = 60.0,
    ) -> None:
        self.programs = programs
        self.cwd = cwd
        self.env = {**os.environ, **env}
        self.say = say
        self.most_deaths = most_deaths
        self.within = within
        self.stopping = False
        self.leash = subprocess.DEVNULL

    def run(self, *, is_up: Callable[[], bool], greet: Callable[[], None]) -> None:
        """Until a signal comes. Everything that was started here has ended at return."""
        greeted = False
        with self._signals(), self._pipe():
            try:
                for program in self.programs:
                    self._start(program)
                while not self.stopping:
                    self._revive()
                    if not greeted and is_up():
                        greeted = True
                        greet()
                    time.sleep(TICK)
            finally:
                self._stop_all()

    def _start(self, program: Program) -> None:
        """In a session of its own: Ctrl-C on the terminal reaches the supervisor only."""
        program.process = subprocess.Popen(
            [sys.executable, "-I", str(LEASH), str(STOP_SECONDS), *program.command],
            cwd=self.cwd,
            env=self.env,
            stdin=self.leash,
            pass_fds=program.pass_fds,
            start_new_session=True,
        )

    def _revive(self) -> None:
        for program in self.programs:
            if program.process is None or program.process.poll() is None or self.stopping:
                continue
            code = program.process.returncode
            program.deaths.append(time.monotonic())
            recent = [death for death in program.deaths if death > time.monotonic() - self.within]
            if len(recent) > self.most_deaths:
                raise GaveUp(f"The {program.name} died {len(recent)} times (last: {_how(code)}).")
            self.say(f"The {program.name} died ({_how(code)}); starting it again.")
            _kill_group(program.process)
            self._start(program)

    def _stop_all(self) -> None:
        """Who does not go in time is killed."""
        self.say("\nStopping ...")
        processes = [program.process for program in self.programs if program.process]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            _kill_group(process)

    @contextmanager
    def _pipe(self) -> Iterator[None]:
        """Nobody writes to it. However this process ends, the programs' leashes see it close."""
        self.leash, end = os.pipe()
        try:
            yield
        finally:
            os.close(self.leash)
            os.close(end)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """A closed terminal counts as Ctrl-C."""
        names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {name: signal.signal(name, self._on_signal) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """With the children that it may have left behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
