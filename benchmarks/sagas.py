"""Sagas whose steps do nothing, by one worker and by two: ours, and workflows of DBOS.

What differs: a remote step of ours is recorded before its call as well, so that a lost answer is
looked into and not guessed at, and each step leaves events for the timeline. DBOS records a step
after its call, with its output, and takes many workflows at once in threads of one process.
"""

from collections.abc import Callable
from contextlib import ExitStack

from django.db import connection, transaction

from benchmarks import peers
from benchmarks.measure import Cell, Size, compare
from benchmarks.nothing import declare_sagas
from benchmarks.queues import crews, of_dbos, told
from benchmarks.workers import Crew, a_peers, at_work, ours
from integrity.audit import SYSTEM
from integrity.models import Saga
from integrity.saga.start import start

A_ROUND, MOST = 10, 100


def run(size: Size) -> None:
    declare_sagas()
    count = min(MOST, A_ROUND * size.rounds)
    with ExitStack() as stack:
        workers = stack.enter_context(at_work(*ours()))
        cells = [
            Cell("plain SQL: a claim and 4 steps, 5 commits", _plain(count), count, _tables(count))
        ]
        for kind, name in (
            ("local_4", "saga, 4 local steps"),
            ("remote_4", "saga, 4 remote steps"),
            ("remote_1", "saga, 1 remote step"),
        ):
            cells += _of_ours(workers, kind, name, count)
        if peers.are_there():
            theirs = stack.enter_context(at_work(*a_peers("of_dbos")))
            cells += of_dbos(theirs, count, steps=4) + of_dbos(theirs, count, steps=1)
        compare("Sagas: steps that do nothing", cells, rounds=size.rounds)
    if not peers.are_there():
        print(peers.ABSENT)


def _of_ours(workers: Crew, kind: str, name: str, count: int) -> list[Cell]:
    def begin() -> None:
        with transaction.atomic():
            for number in range(count):
                start(f"benchmarks.{kind}", subject=str(number), by=SYSTEM)

    def work(crew: Crew) -> Callable[[], None]:
        def run() -> None:
            assert sum(crew.tell("sagas")) == count
            assert not Saga.objects.exclude(state=Saga.State.COMPLETED).exists()

        return run

    return [
        Cell(f"{name}, {told(crew)}", work(crew), count, begin, elsewhere=True)
        for crew in crews(workers)
    ]


def _tables(count: int) -> Callable[[], None]:
    def make() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_MAKE, [count])

    return make


_MAKE = """
DROP TABLE IF EXISTS plain_step, plain_saga;
CREATE TABLE plain_saga (id int PRIMARY KEY, position int, due timestamptz DEFAULT now());
CREATE TABLE plain_step (saga int, number int, done_at timestamptz, PRIMARY KEY (saga, number));
INSERT INTO plain_saga SELECT n, 0 FROM generate_series(1, %s) AS n;
INSERT INTO plain_step SELECT id, n FROM plain_saga, generate_series(1, 4) AS n;
"""
_CLAIM = """
UPDATE plain_saga SET due = now() + interval '1 minute' WHERE id = (
    SELECT id FROM plain_saga WHERE position < 4 AND due <= now()
    ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_STEP = """
WITH step AS (
    UPDATE plain_step SET done_at = now() WHERE saga = %(saga)s AND number = %(number)s
)
UPDATE plain_saga SET position = %(number)s, due = now() + interval '1 minute' WHERE id = %(saga)s
"""


def _plain(count: int) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            for _ in range(count):
                cursor.execute(_CLAIM)
                (saga,) = cursor.fetchone()
                for number in range(1, 5):
                    cursor.execute(_STEP, {"saga": saga, "number": number})
            cursor.execute("SELECT count(done_at) FROM plain_step")
            assert cursor.fetchone() == (4 * count,)

    return run
