import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.extent import EVERY
from tests.integrity.saga.machine import Sagas

pytestmark = pytest.mark.django_db(transaction=True)
FEW = settings(
    max_examples=100 if EVERY else 8,
    stateful_step_count=40 if EVERY else 20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.drill
def test_whatever_happens_in_whatever_order_it_ends_whole(setting):
    setting(SAGA_DOORBELL="tests.integrity.saga.machine.ring")
    run_state_machine_as_test(Sagas, settings=FEW, _min_steps=10)
