"""Processes that do the work of a measurement, ours and the peers', led over their input and output."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from django.db import connection

from benchmarks import peers


class Worker:
    def __init__(self, *command: str, name: str) -> None:
        env = {**os.environ, "BENCH_DSN": address(), "BENCH_WORKER": name}
        self.process = subprocess.Popen(
            command,
            cwd=peers.BASE,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **given: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self.process.stdin.flush()

    def heard(self) -> dict[str, Any]:
        """Waits for it."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"{self.process.args} has died"
        said: dict[str, Any] = json.loads(line)
        return said

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


class Crew(list[Worker]):
    def tell(self, do: str, **given: Any) -> list[Any]:
        """All at the same time; what each has returned."""
        for worker in self:
            worker.ask(do, **given)
        return [worker.heard()["done"] for worker in self]


@contextmanager
def at_work(*command: str, count: int = 2) -> Iterator[Crew]:
    """They begin with nothing to do, and end with this."""
    with ExitStack() as ends:
        crew = Crew()
        for number in range(count):
            crew.append(Worker(*command, name=f"worker-{number}"))
            ends.callback(crew[-1].end)
        for worker in crew:
            assert worker.heard()["ready"]
        yield crew


def ours() -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.nothing", connection.settings_dict["NAME"])


def a_peers(name: str) -> tuple[str, ...]:
    return (str(peers.PYTHON), "-m", f"benchmarks.peers.{name}")


def address() -> str:
    """Of the database in which the measurements are made, as others write it."""
    given = connection.get_connection_params()
    who = quote(given.get("user", ""), safe="")
    if given.get("password"):
        who += ":" + quote(given["password"], safe="")
    where = {name: given[name] for name in ("host", "port") if given.get(name)}
    return f"postgresql://{who}@/{quote(given['dbname'])}?{urlencode(where)}"
