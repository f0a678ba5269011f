from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.extent import EVERY
from tests.integrity.saga.machine import Sagas
from tests.integrity.saga.test_mutants import MUTANTS, RED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]
ALIKE = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
FEW = settings(ALIKE, max_examples=100 if EVERY else 8, stateful_step_count=40 if EVERY else 12)
# Each is found among the first of them; all are what it would take to miss one.
UNTIL_FOUND = settings(ALIKE, max_examples=300, stateful_step_count=10)


@pytest.fixture(autouse=True)
def doorbell(setting):
    setting(SAGA_DOORBELL="tests.integrity.saga.machine.ring")


def test_whatever_happens_in_whatever_order_it_ends_whole():
    run_state_machine_as_test(Sagas, settings=FEW, _min_steps=10)


# From where it takes the fewest examples; of the first three a handful.
FROM = [5, 5, 1, 5, 5]
FOUND = [pytest.param(*each, id=each[0][-1].__name__) for each in zip(MUTANTS, FROM, strict=True)]


@pytest.mark.parametrize(("mutant", "begin"), FOUND if EVERY else FOUND[:3])
def test_the_machine_finds_each_mutant(mutant, begin):
    """From one seed on it is the same run each time, so that it is found each time or never."""

    @seed(begin)
    class Seeded(Sagas):
        pass

    _, owner, name, without = mutant
    with patch.object(owner, name, without), pytest.raises((*RED, Flaky)):
        run_state_machine_as_test(Seeded, settings=UNTIL_FOUND)
