"""A copy is asked for twice at once, is collected while a partner ticks a task, and takes the place of one
whose week is over."""

import json

from accounts.exporting.copies import forget_exports
from accounts.exporting.pieces import read_piece
from accounts.models import Export, ExportPiece
from integrity.drill.interleave import Pair
from integrity.models import Saga
from tests.drill import exporting
from tests.drill.facts import audits, couple
from tests.drill.leaving import LONG_AGO, advance, claimed, go_on_to
from tests.drill.pairs_leaving import planned_by_two, tick
from tests.drill.verdicts import answered, expect

Kind = ExportPiece.Kind


def ask_anew(context):
    """Another click: of another page, and so with another number."""
    context.operation = None
    return exporting.ask(context)


ASK_TWICE = Pair(
    name="two who ask for a copy",
    setup=lambda: couple(address__verified=True),
    first=exporting.ask,
    second=ask_anew,
    verdict=lambda context, first, second: (
        answered(first, second, (None, None))
        or expect(
            sagas=(Saga.objects.filter(subject=str(context.user.uid)).count(), 1),
            audits=(audits(context.user), 1),
        )
    ),
)


def about_to_collect():
    context = planned_by_two()
    exporting.ask(context)
    claimed(context, exporting.copy_of(context))
    go_on_to(context, "collect")
    return context


def is_of_one_instant(context, first, second):
    return answered(first, second, (None, None)) or expect(done=counted_twice(context))


def counted_twice(context):
    """In the copy: the tasks that are done, and how many are said to be."""
    piece = read_piece(Export.objects.get(user=context.user), Kind.ROWS, 0)
    rows = {name: rows for name, _, rows in json.loads(piece)["parts"]}
    done = [task for task in rows["onboarding_task"] if task["status"] == "done"]
    return len(done), rows["accounts_weddingstats"][0]["tasks_done"]


COLLECT_AND_TICK = Pair(
    name="a copy that is collected and a partner's tick",
    setup=about_to_collect,
    first=advance,
    second=tick,
    verdict=is_of_one_instant,
)


def one_to_forget():
    context = exporting.at_step("write")
    context.old = exporting.an_old_one(context, expires_at=LONG_AGO)
    return context


WRITE_AND_FORGET = Pair(
    name="a copy that is written and the end of the one before",
    setup=one_to_forget,
    first=advance,
    second=lambda context: forget_exports(),
    verdict=lambda context, first, second: (
        answered(first, second, (None, None))
        or expect(
            copies=(list(context.user.exports.values_list("pk", flat=True)), [context.saga.uid])
        )
    ),
)


PAIRS = [ASK_TWICE, COLLECT_AND_TICK, WRITE_AND_FORGET]
