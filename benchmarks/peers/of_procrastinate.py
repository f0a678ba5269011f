"""A worker of procrastinate, which does nothing with each job.

Jobs are deleted when they are done, as its documentation advises against a growing table; a worker
takes one job a statement, so many of them are under way at once in one process.
"""

import asyncio
import logging
import os
from typing import Any

from procrastinate import App, PsycopgConnector

from benchmarks.peers.orders import obey

# That this module is the program itself is wanted: nobody else defers these jobs.
logging.getLogger("procrastinate").setLevel(logging.ERROR)
AT_ONCE = 20
DSN = os.environ["BENCH_DSN"]
app = App(connector=PsycopgConnector(conninfo=DSN, min_size=4, max_size=AT_ONCE))
done = 0


@app.task(queue="bench")
async def nothing(number: int) -> None:
    global done
    done += 1


async def lead() -> None:
    async with app.open_async():
        loop = asyncio.get_running_loop()

        def within(work: Any) -> Any:
            return lambda **given: asyncio.run_coroutine_threadsafe(work(**given), loop).result()

        orders = {"apply": within(apply), "fill": within(fill), "drain": within(drain)}
        await asyncio.to_thread(obey, orders)


async def apply() -> None:
    await app.schema_manager.apply_schema_async()


async def fill(count: int) -> None:
    await nothing.batch_defer_async(*({"number": number} for number in range(count)))


async def drain() -> int:
    before = done
    await app.run_worker_async(
        queues=["bench"],
        wait=False,
        concurrency=AT_ONCE,
        listen_notify=False,
        delete_jobs="always",
        install_signal_handlers=False,
    )
    return done - before


if __name__ == "__main__":
    asyncio.run(lead())
