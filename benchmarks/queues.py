"""Messages that do nothing, delivered by one process and by two: our outbox, and others' queues.

What differs: a message of ours is one row, deleted with its whole batch. procrastinate fetches and
finishes each job by a statement of its own, and tells of each by triggers. DBOS keeps the input and
the output of each workflow.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack

from django.db import connection

from benchmarks import peers
from benchmarks.measure import Cell, Size, compare
from benchmarks.relay import plain, promise
from benchmarks.workers import Crew, a_peers, at_work, ours
from integrity.models import OutboxMessage

A_ROUND, MOST = 100, 1000


def run(size: Size) -> None:
    count = min(MOST, A_ROUND * size.rounds)
    with ExitStack() as stack:
        cells = _of_ours(stack.enter_context(at_work(*ours())), count)
        if peers.are_there():
            cells += _of_procrastinate(
                stack.enter_context(at_work(*a_peers("of_procrastinate"))), count
            )
            cells += of_dbos(stack.enter_context(at_work(*a_peers("of_dbos"))), count, steps=0)
        compare("Queues: messages that do nothing", cells, rounds=size.rounds)
    if not peers.are_there():
        print(peers.ABSENT)


def _of_ours(workers: Crew, count: int) -> list[Cell]:
    def fill() -> None:
        promise(count)

    def deliver(crew: Crew, batch: int) -> Callable[[], None]:
        def run() -> None:
            assert sum(crew.tell("messages", batch=batch)) == count
            assert not OutboxMessage.objects.exists()

        return run

    cells = [Cell("plain SQL: DELETE … SKIP LOCKED, 100 at a time", plain(100, count), count, fill)]
    cells.append(
        Cell("plain SQL: DELETE … SKIP LOCKED, one at a time", plain(1, count), count, fill)
    )
    return cells + [
        Cell(
            f"outbox, batch {batch}, {told(crew)}",
            deliver(crew, batch),
            count,
            fill,
            elsewhere=True,
        )
        for batch in (100, 1)
        for crew in crews(workers)
    ]


def _of_procrastinate(workers: Crew, count: int) -> list[Cell]:
    first = workers[:1]
    Crew(first).tell("apply")

    def fill() -> None:
        Crew(first).tell("fill", count=count)

    def drain(crew: Crew) -> Callable[[], None]:
        def run() -> None:
            assert sum(crew.tell("drain")) == count

        return run

    return [
        Cell(f"procrastinate, {told(crew)}", drain(crew), count, fill, elsewhere=True)
        for crew in crews(workers)
    ]


def of_dbos(workers: Crew, count: int, *, steps: int) -> list[Cell]:
    Crew(workers[:1]).tell("launch")
    Crew(workers[:1]).tell("stop")

    def fill(crew: Crew) -> Callable[[], None]:
        def run() -> None:
            Crew(crew[:1]).tell("fill", count=count, steps=steps)
            crew.tell("launch")

        return run

    def work(crew: Crew) -> Callable[[], None]:
        def run() -> None:
            _sql("UPDATE dbos.workflow_status SET queue_name = 'bench' WHERE queue_name = 'held'")
            while _sql("SELECT count(*) FROM dbos.workflow_status WHERE status <> 'SUCCESS'"):
                time.sleep(0.005)

        return run

    def stop(crew: Crew) -> Callable[[], None]:
        def run() -> None:
            crew.tell("stop")
            assert _sql("SELECT count(*) FROM dbos.workflow_status") == count
            outputs = _sql("SELECT count(*) FROM dbos.operation_outputs")
            assert outputs == count * steps, outputs
            _sql("TRUNCATE dbos.workflow_status, dbos.operation_outputs CASCADE")

        return run

    what = f"DBOS, {steps} step{'' if steps == 1 else 's'}"
    return [
        Cell(f"{what}, {told(crew)}", work(crew), count, fill(crew), stop(crew), elsewhere=True)
        for crew in crews(workers)
    ]


def crews(workers: Crew) -> tuple[Crew, Crew]:
    return Crew(workers[:1]), workers


def told(crew: Crew) -> str:
    return f"{len(crew)} worker{'' if len(crew) == 1 else 's'}"


def _sql(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0]) if cursor.description else 0
