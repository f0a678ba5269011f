"""What a saga costs the database, counted: a statement more for each step is seen here."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrity.models import Saga
from integrity.saga.definition import Local, Remote, saga
from integrity.saga.engine import run_due
from integrity.saga.start import start
from integrity.transactions import transaction
from tests.integrity.saga.toys import ADA

pytestmark = pytest.mark.django_db(transaction=True)


def nothing(at):
    pass


def local(number):
    return Local(f"step_{number}", run=nothing)


def remote(number):
    return Remote(f"step_{number}", provider="post", run=nothing, undo=nothing, repeatable=True)


def cost_of(make, steps):
    """Transactions, and statements in them and beside them."""
    kind = f"toy.{make.__name__}_{steps}"
    saga(kind=kind, version=1, title="Nothing", steps=tuple(map(make, range(steps))))
    with transaction():
        start(kind, subject="ada", by=ADA)
    with CaptureQueriesContext(connection) as seen:
        assert run_due().taken == 1
    assert Saga.objects.get(kind=kind).state == "completed"
    told = [each["sql"] for each in seen]
    commits = told.count("COMMIT")
    return commits, len(told) - commits - told.count("BEGIN")


@pytest.mark.parametrize(("make", "commits", "statements"), [(local, 1, 2), (remote, 1, 2)])
def test_each_step_more_costs_the_same(make, commits, statements):
    one, four = cost_of(make, 1), cost_of(make, 4)
    assert (four[0] - one[0], four[1] - one[1]) == (3 * commits, 3 * statements)


def test_of_n_remote_steps_there_are_n_and_one_commits_besides_the_claim():
    assert [cost_of(remote, steps)[0] for steps in (1, 2, 4)] == [2, 3, 5]


def test_a_saga_is_claimed_by_one_statement_and_ended_in_the_transaction_of_its_last_step():
    commits, statements = cost_of(local, 1)
    look_for_unknown, claims, reading, ending, counting = 1, 2, 1, 1, 1
    assert (commits, statements) == (
        1,
        2 + look_for_unknown + claims + reading + ending + counting,
    )
