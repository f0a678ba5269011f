"""A person and a worker are at one saga at once: one waits for the other, and neither is thrown out."""

import pytest

from integrity.models import Saga, SagaStep
from integrity.saga import control
from integrity.saga.claim import claim
from integrity.saga.engine import go_on
from tests.database import execute
from tests.integrity.saga import toys
from tests.integrity.saga.test_control import GRACE
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_verb_that_changes_a_step_waits_for_the_worker_that_writes_the_saga():
    """The worker holds the saga and wants the step; whoever took the step first would be in its way."""
    saga = toys.begin()
    toys.run_due()
    step = SagaStep.objects.get(saga=saga, name="grace")
    with rival() as worker, in_threads() as call:
        worker("BEGIN")
        worker("UPDATE integrity_saga SET fence = fence WHERE id = %s", saga.pk)
        skipped = call(control.skip_timer, saga=saga.uid, by=GRACE)
        wait_for_a_blocked_session(execute)
        # Within a second PostgreSQL would throw one of them out, if each waited for the other.
        worker("SET LOCAL lock_timeout = '500ms'")
        worker(
            "UPDATE integrity_sagastep SET attempts = attempts WHERE saga_id = %s AND position = %s",
            saga.pk,
            step.position,
        )
        worker("COMMIT")
        assert skipped.result().fence == Saga.objects.get(pk=saga.pk).fence


def test_a_worker_that_comes_second_waits_and_finds_its_lease_gone():
    saga = toys.begin()
    claimed = claim()
    with rival() as person, in_threads() as call:
        person("BEGIN")
        person("SELECT 1 FROM integrity_saga WHERE id = %s FOR NO KEY UPDATE", saga.pk)
        worked = call(go_on, saga=claimed)
        wait_for_a_blocked_session(execute)
        person("UPDATE integrity_saga SET fence = fence + 1 WHERE id = %s", saga.pk)
        person("COMMIT")
        worked.result()
    assert set(toys.statuses(saga).values()) == {"pending"}
    assert execute("SELECT count(*) FROM integrity_sagaevent WHERE event = 'step_done'") == [(0,)]
