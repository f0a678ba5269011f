"""A worker of DBOS, whose workflows have no, one or four steps that do nothing.

It takes what its queue holds as soon as it looks, which it does every `POLL` seconds: so it is
launched before a measurement, and the work is moved into the queue when the clock starts.
"""

import os
import sys

from dbos import DBOS, DBOSClient, DBOSConfig

from benchmarks.peers.orders import obey

DSN = os.environ["BENCH_DSN"]
QUEUE, HELD = "bench", "held"
POLL, AT_ONCE = 0.05, 50
CONFIG: DBOSConfig = {
    "name": "bench",
    "system_database_url": DSN.replace("postgresql://", "postgresql+psycopg://", 1),
    "executor_id": os.environ["BENCH_WORKER"],
    "application_version": "bench",
    "log_level": "ERROR",
}


@DBOS.step()
def step(number: int) -> int:
    return number


@DBOS.workflow(name="nothing")
def nothing(steps: int) -> int:
    for number in range(steps):
        step(number)
    return steps


def launch() -> None:
    DBOS(config=CONFIG)
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=POLL)


def stop() -> None:
    DBOS.destroy()


def fill(count: int, steps: int) -> None:
    client = DBOSClient(system_database_url=CONFIG["system_database_url"])
    asked = {"queue_name": HELD, "workflow_name": "nothing", "app_version": "bench"}
    for _ in range(count):
        client.enqueue(asked, steps)
    client.destroy()


if __name__ == "__main__":
    sys.stdout = sys.stderr  # its own words
    obey({"launch": launch, "stop": stop, "fill": fill})
