"""Break a flow at each of its statements, and see that nothing of it is left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from accounts.models import Profile, Wedding, WeddingStats
from integrity.models import AuditEntry, Operation, OutboxMessage
from onboarding.models import Interest, Milestone, Task, WizardDraft

TABLES = (
    Profile,
    Wedding,
    WeddingStats,
    Interest,
    Task,
    Milestone,
    WizardDraft,
    Operation,
    OutboxMessage,
    AuditEntry,
)


class Broken(DatabaseError):
    """An error without an answer from the server, as when the connection goes."""


def everything() -> dict[str, list[tuple]]:
    return {model.__name__: sorted(model.objects.values_list(), key=repr) for model in TABLES}


@contextmanager
def broken_at(position: int) -> Iterator[list[str]]:
    """Let the statement at this position fail; yields the statements that were tried."""
    tried: list[str] = []

    def wrapper(execute, sql, params, many, context):
        tried.append(sql)
        if len(tried) == position:
            raise Broken(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield tried


def assert_all_or_nothing(act: Callable[[], object]) -> int:
    """Break `act` at its first statement, its second and so on, until it gets through."""
    before = everything()
    for position in range(1, 200):
        with broken_at(position) as tried:
            try:
                act()
            except DatabaseError:
                pass
            else:
                # The count of outcomes comes after the COMMIT and may fail alone.
                assert len(tried) <= position
                assert everything() != before
                return position
        assert everything() == before, f"left over after breaking {tried[-1]}"
    raise AssertionError("the flow never ended")
