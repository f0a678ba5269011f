"""What the database refuses, whoever writes: raw SQL here, against every pair of states."""

import itertools

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic

from integrity.models import Saga, SagaStep
from integrity.sqlstate import constraint_name
from tests.database import execute

pytestmark = pytest.mark.django_db
ACTIVE, PARKED = ["running", "compensating"], ["attention", "paused"]
FINISHED = ["completed", "compensated", "resolved"]
LAWFUL = {
    "running": {"running", "compensating", "attention", "paused", "completed"},
    "compensating": {"compensating", "attention", "paused", "compensated"},
    "attention": {"attention", "running", "compensating", "resolved"},
    "paused": {"paused", "running", "compensating", "resolved"},
}


@pytest.fixture
def saga():
    made = Saga.objects.create(kind="toy.x", version=1, subject="1", actor_kind="user")
    SagaStep.objects.create(saga=made, position=0, name="first", kind="local")
    return made.pk


def write(saga, assignments):
    """None, or the name of the promise that refused it."""
    try:
        with atomic():
            execute(f"UPDATE integrity_saga SET {assignments} WHERE id = %s", saga)  # noqa: S608
    except IntegrityError as error:
        return constraint_name(error)
    return None


def as_state(state, parked_from="running"):
    parked = f"'{parked_from}'" if state in PARKED else "''"
    why = "'refused'" if state == "attention" else "''"
    end = "now()" if state in FINISHED else "NULL"
    return f"state = '{state}', parked_from = {parked}, attention = {why}, finished_at = {end}"


@pytest.mark.parametrize("before", [*ACTIVE, *PARKED, *FINISHED])
def test_only_lawful_transitions_are_let_through(saga, before):
    way = {"compensated": ["compensating"], "resolved": ["paused"]}.get(before, [])
    for state in [*way, before]:
        assert state == "running" or write(saga, as_state(state)) is None

    for after in [*ACTIVE, *PARKED, *FINISHED]:
        refused = None
        with pytest.raises(Undone), atomic():
            refused = write(saga, as_state(after, before if before in ACTIVE else "running"))
            raise Undone
        assert (refused is None) == (after in LAWFUL.get(before, ())), (before, after, refused)


class Undone(Exception):
    """The savepoint is rolled back."""


@pytest.mark.parametrize("state", ["compensating", "compensated"])
def test_after_the_pivot_there_is_no_way_back(saga, state):
    assert write(saga, "pivot_at = now(), pivot_position = 0, position = 1") is None

    assert write(saga, as_state(state)) is not None
    assert write(saga, as_state("paused", "compensating")) is not None
    assert write(saga, "position = 0") == "integrity_saga_stays_behind_the_pivot"
    for again in ("pivot_at = NULL, pivot_position = NULL", "pivot_at = now() + '1 s'"):
        assert write(saga, again) == "integrity_saga_pivot_is_final"


def test_a_parked_one_goes_on_where_it_was_or_turns_back(saga):
    write(saga, as_state("compensating"))
    write(saga, as_state("attention", "compensating"))

    assert write(saga, as_state("running")) == "integrity_saga_moves_lawfully"
    assert write(saga, as_state("attention", "running")) == "integrity_saga_moves_lawfully"
    assert write(saga, as_state("compensating")) is None


@pytest.mark.parametrize(
    ("assignments", "promise"),
    [
        ("fence = -1", "integrity_saga_fence_never_falls"),
        ("version = 2", "integrity_saga_stays_itself"),
        ("subject = '2'", "integrity_saga_stays_itself"),
        ("finished_at = now()", "integrity_saga_finished_has_a_time"),
        ("attention = 'refused'", "integrity_saga_attention_has_a_reason"),
        ("parked_from = 'running'", "integrity_saga_parked_knows_whence"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(saga, assignments, promise):
    assert write(saga, assignments) == promise


def test_what_has_ended_is_not_touched(saga):
    write(saga, as_state("completed"))

    assert write(saga, "fence = fence + 1") == "integrity_saga_end_is_final"


def test_one_is_under_way_for_a_subject():
    values = {"kind": "toy.x", "version": 1, "subject": "1", "actor_kind": "user"}
    Saga.objects.create(**values)

    with pytest.raises(IntegrityError, match="integrity_saga_one_of_a_subject"), atomic():
        Saga.objects.create(**{**values, "version": 2})
    Saga.objects.create(**{**values, "subject": "2"})
    with pytest.raises(IntegrityError, match="begins as running"), atomic():
        Saga.objects.create(**{**values, "subject": "3"}, state="paused", parked_from="running")


@pytest.mark.parametrize(
    "assignments",
    ["name = 'other'", "kind = 'remote'", "position = 1", "key_epoch = key_epoch - 1"],
)
def test_the_plan_is_frozen(saga, assignments):
    execute("UPDATE integrity_sagastep SET key_epoch = 1, status = 'done'")

    with pytest.raises(IntegrityError, match="were frozen"), atomic():
        execute(f"UPDATE integrity_sagastep SET {assignments}")  # noqa: S608


@pytest.mark.parametrize(
    "sql", ["UPDATE integrity_sagaevent SET event = 'x'", "DELETE FROM integrity_sagaevent"]
)
def test_the_timeline_of_one_under_way_is_append_only(saga, sql):
    execute(
        "INSERT INTO integrity_sagaevent (saga_id, fence, event, step, actor_kind, actor_id, detail)"
        " VALUES (%s, 0, 'started', '', 'user', 'ada', '{}')",
        saga,
    )
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        execute(sql)

    write(saga, as_state("completed"))
    if sql.startswith("DELETE"):
        Saga.objects.get(pk=saga).delete()


@pytest.mark.parametrize("table", ["integrity_saga", "integrity_sagastep"])
def test_one_under_way_is_kept_with_its_steps(saga, table):
    with pytest.raises(IntegrityError, match="under way is kept"), atomic():
        execute(f"DELETE FROM {table}")  # noqa: S608

    write(saga, as_state("completed"))
    Saga.objects.get(pk=saga).delete()
    assert not SagaStep.objects.exists()


def test_the_table_above_names_every_state():
    states = set(itertools.chain(ACTIVE, PARKED, FINISHED))

    assert states == set(Saga.State.values)
